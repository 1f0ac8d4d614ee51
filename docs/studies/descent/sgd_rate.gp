set lmargin 10
set title 'N steps of SGD at the rate 1/(L√N)'
set xlabel 'number of steps N'
set ylabel 'mean of ‖∇f‖² over the steps'
set logscale xy
set xrange [40:*]
set format '10^{%L}'
set key top right
stats csv using ($1 > 500 ? log($4) + 0.5*log($1) : NaN) name 'A' nooutput
plot csv using 1:6 with lines lt 2 dt 2 title 'the bound, (2LΔ + σ²)/√N', csv using 1:4 with lines lt 1 lw 1 notitle, \
     csv using 1:4:5 with yerrorbars lt 1 ps 0.9 title 'measured, mean ± sd over seeds', exp(A_mean)/sqrt(x) with lines lt 6 lw 1 dt 3 title '1/√N'
