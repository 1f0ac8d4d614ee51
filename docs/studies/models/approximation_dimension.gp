set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
units = folder.'/units.csv'
of(d, c) = $1 == d ? column(c) : NaN
set title 'error against width'
set xlabel 'hidden units m'
set ylabel 'error at fresh points, in deviations of g' offset 1,0
set logscale x
set xrange [1.8:1200]
set yrange [0:5.2]
set key top right
plot for [d=1:3] csv using (of(d, 2)):3 with linespoints lt d pt 3+2*d ps 0.8 title sprintf('d = %d', d), \
     for [d=1:3] csv using (of(d, 2)):4 with lines lt d dt 3 title (d == 1 ? 'largest error' : ''), \
     0.2 with lines lt 6 dt 2 title 'a fifth'
set title 'units for an error of a fifth'
set xlabel 'dimension d'
set ylabel 'hidden units m' offset 1,0
unset logscale x
set logscale y
set xrange [0.5:3.5]
set xtics 1
set yrange [2:2000]
plot units using 1:2 with linespoints lt 1 pt 7 ps 1.2 notitle
