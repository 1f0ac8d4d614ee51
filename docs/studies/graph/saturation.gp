set multiplot layout 1,2 margins 0.1,0.985,0.16,0.9 spacing 0.11
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title 'δθ of one neuron, for δh = 1 and x = ½'
set xlabel 'z = θx'
set ylabel 'gradient of θ'
set logscale y
unset mytics
set format y '10^{%L}'
set yrange [1e-15:10]
set ytics 1e-15,1e3
set key bottom center Left reverse samplen 2
plot csv using 2:(of('sigmoid', 4)) with lines lt 1 title 'σ′(z) x', '' using 2:(of('sigmoid', 3)) with points lt 1 title 'sigmoid, backward', \
     '' using 2:(of('tanh', 4)) with lines lt 2 dt 2 title 'tanh′(z) x', '' using 2:(of('tanh', 3)) with points lt 2 pt 5 title 'tanh, backward', \
     '' using 2:(of('relu', 3)) with points lt 3 pt 9 title 'relu, backward (0 for z ≤ 0)'
unset logscale y
set format y '%g'
set title 'descent from a saturated neuron, target 0'
set xlabel 'step'
set ylabel 'h = σ(z)'
set logscale x
set format x '10^{%L}'
set xrange [1:1e5]
set yrange [0:1.05]
set ytics 0,0.2,1
unset mxtics
set key bottom left Left reverse samplen 2.5
d = folder . '/descent.csv'
plot for [i=1:4] d using 3:(stringcolumn(1) eq 'squared' && $2 == 2*i ? $4 : NaN) with lines lt i dt i title sprintf('squared error, from z = %d', 2*i), \
     d using 3:(of('cross-entropy', 4)) with lines lt 6 dt 2 title 'cross-entropy, from z = 8'
