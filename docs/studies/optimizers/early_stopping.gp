stats folder.'/stopped.csv' using 1 skip 1 nooutput name 'at'
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title '20 noisy examples, a network of 1-40-40-1 units'
set xlabel 'step'
set ylabel 'mean square error'
set xrange [0:2500]
set yrange [0:1]
set arrow 1 from at_max, graph 0 to at_max, graph 0.75 nohead lc rgb '#222222' dt 3 lw 1.5
set label 1 'stopped' at at_max, graph 0.79 center
plot csv using 2:(of('whole', 3)) with lines lt 1 title 'training', csv using 2:(of('whole', 4)) with lines lt 2 dt 2 title 'validation'
