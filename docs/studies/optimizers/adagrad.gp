set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 12 == 4*k ? column(c) : NaN
set title 'lines: the library; points: the printed form'
set xlabel 'step'
set ylabel 'x₂' offset 1,0
set xrange [0:60]
set yrange [-0.5:4]
set key top right
plot csv using 2:(is('outside', 4)) with lines lt 1 title '.eps = 0.1', \
     csv using 2:(is('inside', 4)) with lines lt 2 dt 2 title '.eps\_inside = true', \
     csv using 2:(is('past', 4)) with lines lt 3 dt 3 title '.past = true, .eps = 0', \
     csv using 2:(at('outside', 0, 6)) with points lt 1 pt 6 ps 1.1 title 'g/(δ + √r)', \
     csv using 2:(at('inside', 1, 6)) with points lt 2 pt 4 ps 1.1 title 'g/√(r + δ)', \
     csv using 2:(at('past', 2, 6)) with points lt 3 pt 8 ps 1.1 title 'g/√r of the step before'
set title 'effective rates η/√r of four weights'
set xlabel 'step'
set ylabel 'effective rate' offset 1,0
set xrange [1:200]
set yrange [1e-6:100]
set logscale xy
set format y '10^{%L}'
set key bottom left Left reverse noopaque
plot for [i=1:4] folder.'/effective_rate.csv' using 1:i+1 skip 1 with lines lt i dt i title 'gradients of size '.word('0.1 1 10 100', i)
