set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
names = 'sgd heavy_ball adagrad rmsprop adam printed'
titles = '"SGD" "heavy ball" "AdaGrad" "RMSProp" "Adam" "Adam, as printed"'
set title 'points: the library; lines: the table'
set xlabel 'step'
set ylabel 'x' offset 1,0
set xrange [0:50]
set yrange [-1.2:4.6]
set key top right
plot for [i=1:6] csv using 2:(of(word(names, i), 4)) with lines lt i dt i title word(titles, i), \
     for [i=1:5] csv using 2:(of(word(names, i), 3)) every 10 with points lt i pt 6 ps 1 notitle
set title 'effective rate α/H'
set ylabel 'α/H' offset 1,0
set yrange [1e-4:10]
set logscale y
set format y '10^{%L}'
plot for [i=1:6] csv using 2:(of(word(names, i), 6)) with lines lt i dt i title word(titles, i), \
     for [i=1:5] csv using 2:(of(word(names, i), 5)) every 10 with points lt i pt 6 ps 1 notitle
