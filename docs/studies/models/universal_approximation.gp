set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
curves = folder.'/curves.csv'
set title 'sup error against width'
set xlabel 'hidden units m'
set ylabel 'largest error on [0, 1]' offset 1,0
set logscale xy
set format y '10^{%L}'
set xrange [3.5:300]
set yrange [1e-7:10]
set key bottom left
set xtics (4, 8, 16, 32, 64, 128, 256)
plot csv using 1:2 with linespoints lt 1 pt 7 ps 0.9 title 'ReLU', \
     csv using 1:3 with linespoints lt 3 pt 5 ps 0.9 title 'sigmoid', \
     csv using 1:4 with linespoints lt 5 pt 9 ps 0.9 title 'tanh', \
     csv using 1:5 with linespoints lt 2 dt 2 pt 11 ps 0.9 title 'cube', \
     csv using 1:6 with linespoints lt 4 dt 2 pt 13 ps 0.9 title 'identity'
unset logscale
set format y '%g'
set title 'networks of 256 units'
set xlabel 'x'
set ylabel 'value' offset 1,0
set xrange [0:1]
set xtics 0.2
set yrange [-1.6:2.6]
set key top right
plot curves every 2 using 1:2 with points lt 6 pt 6 ps 0.8 title 'g', \
     curves using 1:3 with lines lt 1 title 'ReLU', \
     curves using 1:4 with lines lt 2 dt 2 title 'cube', \
     curves using 1:5 with lines lt 4 dt 4 title 'identity'
