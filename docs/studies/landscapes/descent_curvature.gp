set title 'gradient descent at the rate 1/λ'
set xlabel 'step'
set ylabel 'loss, curvature'
set logscale y
set format y '10^{%L}'
set xrange [0:300]
set key top right samplen 2 maxrows 2
set datafile missing NaN
plot csv using 1:2 with lines lt 1 title 'loss', csv using 1:3 with lines lt 3 dt 2 title 'curvature gᵀHg/gᵀg', \
     csv using 1:4 with lines lt 4 dt 4 title 'Lipschitz ‖Δg‖/‖Δx‖', csv using 1:5 with lines lt 6 lw 1 title '2/rate'
