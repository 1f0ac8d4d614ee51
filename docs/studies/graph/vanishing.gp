set multiplot layout 1,2 margins 0.1,0.985,0.16,0.9 spacing 0.115
names = "'sigmoid 1' 'tanh 1' 'tanh 9' 'relu 1' 'relu 2'"
of(i, c) = stringcolumn(1) eq word(names, i) ? column(c) : NaN
set logscale y
unset mytics
set format y '10^{%L}'
set xlabel 'layer, from the input'
set xrange [0:31]
set yrange [1e-24:1e8]
set ytics 1e-24,1e8
set xtics 10
set title 'gradient of the neurons, last layer = 1'
set ylabel '|∂L/∂u|, relative'
set key bottom right samplen 2
plot for [i=1:5] csv using 2:(of(i, 4)) with lines lt i notitle, for [i=1:5] csv using 2:(int($2) % 2 ? of(i, 3) : NaN) with points lt i pt 2*i+3 notitle, \
     NaN with lines lt 6 title 'mean-field theory', NaN with points lt 6 title 'measured'
set title 'gradient of the weights, last layer = 1'
set ylabel '|∂L/∂W|, relative'
plot for [i=1:5] csv using 2:(of(i, 5)) with linespoints lt i pt 2*i+3 pi 3 title sprintf('%s, variance %s/n', word(word(names, i), 1), word(word(names, i), 2))
