set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 6 == k ? column(c) : NaN
set title 'one rate: four forms, one path'
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
     csv using (is('velocity', 3)):4 with lines lc rgb '#222222' lw 1.5 title 'wg\_optim\_sgd, .momentum = 0.8', \
     csv using (at('points', 0, 5)):6 with points lt 1 pt 6 ps 1.1 title 'x - α∇f + β(x - x_{old})', \
     csv using (at('minus_velocity', 1, 5)):6 with points lt 2 pt 4 ps 1.1 title 'v ← -∇f + βv', \
     csv using (at('velocity', 2, 5)):6 with points lt 3 pt 8 ps 1.1 title 'v ← μv + g', \
     csv using (at('change', 3, 5)):6 with points lt 4 pt 2 ps 1.1 title 'Δw ← -γg + βΔw'
set title 'the rate is divided by 10 at step 12'
set xlabel 'step'
set ylabel 'f' offset 1,0
set xrange [0:60]
set yrange [1e-2:10]
set logscale y
set key bottom left Left reverse noopaque
set format y '10^{%L}'
plot csv using 2:(is('velocity', 7)) with lines lc rgb '#999999' dt 3 title 'constant rate', \
     csv using 2:(is('cut_change_inside', 7)) with lines lt 1 title 'rate inside: the speed is kept', \
     csv using 2:(is('cut_velocity_outside', 7)) with lines lt 2 dt 2 title 'rate outside: the speed is cut, too'
