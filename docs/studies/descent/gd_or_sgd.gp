set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
set title 'by iteration'
set xlabel 'iteration'
set ylabel 'loss above the minimum' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [0:20]
set key bottom left
plot csv using 2:($1 == 0 ? $4 : NaN) with linespoints lt 1 title 'GD: all examples a step', \
     csv using ($2 <= 20 ? $2 : NaN):($1 == 1 ? $4 : NaN) with linespoints lt 2 pt 6 dt 2 title 'SGD: one example a step'
set title 'by epoch'
set xlabel 'epoch: passes over the data'
set xrange [0:11]
set key top right
plot csv using 3:($1 == 0 ? $4 : NaN) with linespoints lt 1 title 'GD', \
     csv using 3:($1 == 1 && ($3 == 0 || $3 >= 1) ? $4 : NaN) with linespoints lt 2 pt 6 dt 2 title 'SGD'
