set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
losses = folder.'/losses.csv'
set title 'loss of one residual'
set xlabel 'residual'
set ylabel 'loss' offset 1,0
set xrange [-3:3]
set yrange [0:5]
set key top center
plot losses using 1:2 with lines lt 1 title 'squared', \
     losses using 1:3 with lines lt 2 dt 2 title 'absolute', \
     losses using 1:4 with lines lt 3 dt 4 title 'Huber'
set title 'best constant for 11 numbers, one of which goes away'
set xlabel 'the largest number'
set ylabel 'where the loss is least' offset 1,0
set xrange [0:52]
set yrange [0:5]
set key top left
plot csv using 1:2 with linespoints lt 1 pt 7 ps 0.9 title 'squared: the mean', \
     csv using 1:3 with linespoints lt 2 dt 2 pt 5 ps 0.9 title 'absolute: the median', \
     csv using 1:4 with linespoints lt 3 dt 4 pt 9 ps 0.9 title 'Huber'
