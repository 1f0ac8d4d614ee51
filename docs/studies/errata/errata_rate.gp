set title 'mean over N steps of SGD, γ = 1/(L√N), on (L/2)‖x‖² with noise of variance σ² = 4'
set xlabel 'steps N'
set ylabel 'mean of the squared norm' offset 1,0
set logscale xy
set xrange [3:5500]
set yrange [0.1:40]
set key bottom left
plot csv using 1:5 with lines lt 6 dt 4 title '(1/√N)(2LΔ + σ²)', \
     csv using 1:2 with points lt 1 pt 7 ps 1.1 title '‖∇f‖², by SGD', \
     csv using 1:4 with lines lt 1 title '‖∇f‖², computed', \
     csv using 1:3 with linespoints lt 2 dt 2 pt 2 ps 1 title 'printed: ‖ĝ‖², by SGD', \
     csv using 1:6 with lines lt 5 dt 3 title 'for comparison: (1/√N) 2LΔ + σ²'
