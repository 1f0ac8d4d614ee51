set multiplot layout 1,2 margins 0.085,0.965,0.14,0.9 spacing 0.1
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set ylabel 'excess loss' offset 1,0
set logscale y
set format y '10^{%L}'
set title 'all examples: backtracking search'
set xlabel 'step'
set xrange [0:60]
set yrange [1e-16:100]
plot csv using 2:(of('full_search', 3)) with linespoints lt 1 pt 6 notitle
set title 'one example a step'
set xrange [0:4000]
set xtics 1000
set yrange [1e-5:100]
plot csv using 2:(of('sgd_search', 3)) with lines lt 2 dt 2 title 'search on the example''s loss', \
     csv using 2:(of('sgd_falling', 3)) with lines lt 1 title 'rate 1/(10 + t/2)'
