set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
kinks = folder.'/kinks.csv'
set title 'random ReLU networks of one number, 16 units a layer'
set xlabel 'x'
set ylabel 'output' offset 1,0
set xrange [-3:3]
set key top right
plot for [k=1:4] csv using 1:k+1 with lines lt k dt k title sprintf('%d hidden layer%s', k, k > 1 ? 's' : '')
set title 'straight pieces'
set xlabel 'hidden layers k'
set ylabel 'kinks in -3 … 3' offset 1,0
set xrange [0.5:6.5]
set xtics 1
set yrange [0:*]
set key bottom right
plot kinks using 1:2 with linespoints lt 1 pt 7 ps 1.1 title 'counted', \
     16 with lines lt 6 dt 2 title 'most of one layer'
