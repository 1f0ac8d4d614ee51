set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
of(name, pair) = $1 == pair && stringcolumn(2) eq name
names = 'line bezier chain'
titles = '"straight line" "Bézier curve" chain'
set xlabel 't, from one network to the other'
set xrange [0:1]
set title 'training loss, three pairs of networks'
set ylabel 'cross-entropy' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [1e-4:1e2]
set key top right
plot for [i=1:3] for [p=0:2] csv every 2 using (of(word(names, i), p) ? $3 : NaN):4 with linespoints lt i pt (5+2*i) pi 4 title p ? '' : word(titles, i)
set title 'new images, first pair'
set ylabel 'wrong, %'
unset logscale y
set format y '%g'
set yrange [0:*]
plot for [i=1:3] csv using (of(word(names, i), 0) ? $3 : NaN):(100*$6) with linespoints lt i pt (5+2*i) pi 8 title word(titles, i)
unset multiplot
