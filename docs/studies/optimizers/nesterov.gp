set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 6 == k ? column(c) : NaN
set title 'points ahead: three forms, one path'
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
     csv using (is('points', 3)):4 with lines lc rgb '#222222' lw 1.5 title 'wg\_optim\_sgd, .nesterov = true', \
     csv using (at('points', 0, 5)):6 with points lt 1 pt 6 ps 1.1 title 'x + β(x - x_{old})', \
     csv using (at('velocity', 1, 5)):6 with points lt 2 pt 4 ps 1.1 title 'x + ηβv', \
     csv using (at('change', 2, 5)):6 with points lt 3 pt 8 ps 1.1 title 'w + βΔw', \
     csv using (is('printed', 5)):6 with linespoints lt 4 pt 2 dt 3 title 'x + βv, as printed: diverges'
set title 'one evaluation a step for each'
set xlabel 'evaluations of f and its gradient'
set ylabel 'f' offset 1,0
set xrange [0:60]
set yrange [1e-2:10]
set logscale y
set format y '10^{%L}'
plot csv using 2:(is('heavy_ball', 7)) with lines lt 1 title 'heavy ball', \
     csv using 2:(is('points', 7)) with lines lt 2 dt 2 title 'Nesterov, at the point ahead'
