set title 'density of the Hessian''s eigenvalues'
set xlabel 'eigenvalue'
set ylabel 'density' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [*:*]
set yrange [1e-3:1e3]
set key top right samplen 2
of(name) = stringcolumn(1) eq name ? $2 : NaN
plot csv using (of('start')):3 with lines lt 1 title 'at the start', csv using (of('trained')):3 with lines lt 2 dt 2 title 'trained'
