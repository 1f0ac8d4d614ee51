set multiplot layout 1,2 margins 0.075,0.965,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title 'losses 4x, -x, -x in turn: the minimum is -1'
set xlabel 'step'
set ylabel 'x' offset 1,0
set xrange [0:3000]
set yrange [-1.15:1.6]
plot csv using 2:(of('adam', 3)) with lines lt 2 dt 2 title 'Adam', \
     csv using 2:(of('amsgrad', 3)) with lines lt 1 title 'AMSGrad', \
     -1 with lines lc rgb '#999999' dt 3 title 'the minimum'
set title 'mean loss above that of the minimum'
set ylabel 'mean regret' offset 1,0
set yrange [0:2]
plot csv using 2:(of('adam', 4)) with lines lt 2 dt 2 title 'Adam', \
     csv using 2:(of('amsgrad', 4)) with lines lt 1 title 'AMSGrad'
