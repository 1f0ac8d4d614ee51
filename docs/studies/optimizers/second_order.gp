set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.09
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
names = 'gradient_descent coordinate_descent conjugate_gradient lbfgs newton trust_region'
titles = '"gradient descent" "coordinate descent" "conjugate gradients" "L-BFGS" "Newton" "trust region"'
set title 'paths in Rosenbrock''s valley'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-1.6:1.6]
set yrange [-0.6:3.2]
set isosamples 20
set contour base
set cntrparam levels discrete 10
unset surface
set table $contours
splot 100*(y - x**2)**2 + (1 - x)**2
unset table
set key top right
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     csv using (of('gradient_descent', 4)):5 with lines lt 1 title 'gradient descent', \
     for [i in '4 5 6'] csv using (of(word(names, int(i)), 4)):5 with linespoints lt int(i) pt 2*int(i) ps 0.5 title word(titles, int(i))
set title 'f by what was computed'
set xlabel 'evaluations of f and ∇f, and Hessian products'
set ylabel 'f' offset 1,0
set xrange [1:30000]
set yrange [1e-16:1e4]
set logscale xy
unset mytics
set format y '10^{%L}'
set key bottom right
plot for [i=1:6] csv using 3:(of(word(names, i), 6)) with lines lt i dt i title word(titles, i)
