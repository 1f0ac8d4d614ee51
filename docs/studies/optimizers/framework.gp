set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
names = 'sgd heavy_ball adagrad rmsprop adam printed'
titles = '"SGD" "heavy ball" "AdaGrad" "RMSProp" "Adam" "Adam, as printed"'
set title 'points: the library; lines: the table'
wide(i) = i == 1 ? 5 : 2
shape(i) = int(word('6 4 8 10 12', i))
set xlabel 'step'
set ylabel 'x' offset 1,0
set xrange [0:50]
set yrange [-1.2:4.6]
set key top right
plot for [i=1:6] csv using 2:(of(word(names, i), 4)) with lines lt i dt i lw wide(i) notitle word(titles, i), \
     for [i=1:5] csv using 2:(of(word(names, i), 3)) every 10::(2*i - 2) with points lt i pt shape(i) ps 1 notitle, \
     for [i=1:6] keyentry with linespoints lt i dt i lw wide(i) pt (i < 6 ? shape(i) : 0) ps 1 title word(titles, i)
set title 'effective rate α/H'
set ylabel 'α/H' offset 1,0
set yrange [1e-4:10]
set logscale y
set format y '10^{%L}'
plot for [i=1:6] csv using 2:(of(word(names, i), 6)) with lines lt i dt i lw wide(i) notitle word(titles, i), \
     for [i=1:5] csv using 2:(of(word(names, i), 5)) every 10::(2*i - 2) with points lt i pt shape(i) ps 1 notitle, \
     for [i=1:6] keyentry with linespoints lt i dt i lw wide(i) pt (i < 6 ? shape(i) : 0) ps 1 title word(titles, i)
