set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1
set title 'gradient and bound at random points, ‖Aᵢ‖ = τ'
set xlabel '4 L (1 - τ)^{2L-2} f'
set ylabel '‖∇f‖²' offset 1,0
set logscale xy
set format '10^{%L}'
set xrange [1e-4:1e3]
set yrange [1e-15:1e9]
set ytics 1e5
set key top right samplen 1
of(name) = stringcolumn(1) eq name ? $4 : NaN
plot csv using (of('residual')):5 with points lt 1 ps 0.35 title 'residual', csv using (of('plain')):5 with points lt 2 pt 2 ps 0.5 title 'no identity', \
     x with lines lt 6 dt 2 title 'bound'
set title 'blocks of the solution found from A = 0'
set xlabel 'blocks L'
set ylabel 'largest ‖Aᵢ‖' offset 1,0
set format '%g'
set xrange [1.6:20]
set yrange [*:*]
set ytics 10
set xtics (2, 4, 8, 16)
set key top right
stats folder.'/depth.csv' using (column(1)*column(2)) every ::4::4 nooutput
plot folder.'/depth.csv' using 1:2 with linespoints lt 1 title 'descent', STATS_mean/x with lines lt 6 dt 2 title '1/L'
unset multiplot
