set multiplot layout 1,3 margins 0.075,0.92,0.17,0.86 spacing 0.09
of(name) = stringcolumn(1) eq name
set title 'eigenvalues of the Hessian'
set xlabel 'eigenvalue'
set ylabel 'density' offset 2,0
set logscale y
set format y '10^{%L}'
set xrange [-0.32:0.65]
set yrange [1e-4:1e3]
set xtics 0.2
set key top right samplen 1.5
plot csv using (of('density') && stringcolumn(2) eq 'start' ? $3 : NaN):4 with lines lt 1 title 'at the start', \
     csv using (of('density') && stringcolumn(2) eq 'trained' ? $3 : NaN):4 with lines lt 2 title 'trained'
set title 'gradient descent'
set xlabel 'step'
unset ylabel
set xrange [*:*]
set xtics 100
set yrange [1e-4:1]
plot csv using (of('track') ? $2 : NaN):3 with lines lt 1 title 'loss', \
     csv using (of('track') ? $2 : NaN):4 with lines lt 3 title 'curvature gᵀHg/gᵀg', \
     csv using (of('track') ? $2 : NaN):5 with lines lt 4 title 'Lipschitz ‖Δg‖/‖Δx‖'
unset logscale
unset key
unset grid
set title 'loss on a slice, trained'
set xlabel 'first direction'
set ylabel 'second direction' offset 1,0
set size ratio 1
set format '%g'
set xtics 0.5
set ytics 0.5
set xrange [-1.04:1.04]
set yrange [-1.04:1.04]
set logscale cb
set format cb '10^{%L}'
set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')
plot "< grep '^plane' '".csv."'" using 2:3:4 with image
unset multiplot
