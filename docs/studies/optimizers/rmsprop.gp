set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 15 == 3*k ? column(c) : NaN
set title 'lines: the library; points: the printed form'
set xlabel 'step'
set ylabel 'x₂' offset 1,0
set xrange [0:60]
set yrange [-0.5:4]
set key top right Right noreverse
plot csv using 2:(is('inside', 4)) with lines lt 1 title 'rmsprop, .eps\_inside = true', \
     csv using 2:(is('nesterov', 4)) with lines lt 5 dt 2 title '.momentum = 0.7, .nesterov = true', \
     csv using 2:(at('outside', 0, 6)) with points lt 1 pt 6 ps 1.1 title 'g/(δ + √r)', \
     csv using 2:(at('bare', 1, 6)) with points lt 2 pt 4 ps 1.1 title 'g/√r', \
     csv using 2:(at('inside', 2, 6)) with points lt 3 pt 8 ps 1.1 title 'g/√(r + ε)', \
     csv using 2:(at('new_weight', 3, 6)) with points lt 4 pt 2 ps 1.1 title 'γg² + (1-γ)r', \
     csv using 2:(at('nesterov', 4, 6)) with points lt 5 pt 10 ps 1.1 title 'x + αv'
set title 'what differs'
set xlabel 'step'
set ylabel 'f' offset 1,0
set xrange [0:60]
set yrange [1e-2:10]
set logscale y
set key bottom left Left reverse noopaque
set format y '10^{%L}'
plot csv using 2:(is('inside', 7)) with lines lt 1 title 'ε = 10^{-6}', \
     csv using 2:(is('large_eps', 7)) with lines lt 2 dt 2 title 'ε = 0.1, outside', \
     csv using 2:(is('confused', 7)) with lines lt 3 dt 3 title 'weights 0.1 old, 0.9 new', \
     csv using 2:(is('nesterov', 7)) with lines lt 5 dt 4 title 'with momentum 0.7, ahead'
