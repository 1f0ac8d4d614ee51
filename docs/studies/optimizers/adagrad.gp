set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 6 == k ? column(c) : NaN
set title 'lines: the library; points: the printed form'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-1.6:1.6]
set yrange [-0.3:4.2]
set isosamples 25
set contour base
set cntrparam levels discrete 0.5,2.5
unset surface
set table $contours
splot 2*(y - x**2)**2 + (1 - x)**2/2
unset table
set key top right noopaque
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     csv using (is('outside', 3)):4 with lines lt 1 title '.eps = 0.1', \
     csv using (is('inside', 3)):4 with lines lt 2 dt 2 title '.eps\_inside = true', \
     csv using (is('past', 3)):4 with lines lt 3 dt 3 title '.past = true, .eps = 0', \
     csv using (at('outside', 0, 5)):6 with points lt 1 pt 6 ps 1.1 title 'g/(δ + √r)', \
     csv using (at('inside', 1, 5)):6 with points lt 2 pt 4 ps 1.1 title 'g/√(r + δ)', \
     csv using (at('past', 2, 5)):6 with points lt 3 pt 8 ps 1.1 title 'g/√r of the step before'
set title 'effective rates η/√r of four weights'
set xlabel 'step'
set ylabel 'effective rate' offset 1,0
set xrange [1:200]
set yrange [1e-6:100]
set logscale xy
set format y '10^{%L}'
set key bottom left Left reverse noopaque
plot for [i=1:4] folder.'/effective_rate.csv' using 1:i+1 skip 1 with lines lt i dt i title 'gradients of size '.word('0.1 1 10 100', i)
