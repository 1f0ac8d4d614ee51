set datafile missing NaN
set logscale y
unset mytics
set format y '10^{%L}'
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.84 spacing 0.1
names = "'sigmoid 1' 'tanh 1' 'tanh 9' 'relu 1' 'relu 2'"
of(i, c) = stringcolumn(1) eq 'layer' && stringcolumn(2) eq word(names, i) ? column(c) : NaN
set title 'norm of the gradient at each layer, over that at the last'
set xlabel 'layer, from the input'
set yrange [1e-34:1e8]
set key bottom right samplen 1.5 spacing 1.1
plot for [i=1:5] csv using 3:(of(i, 5)) with lines lt i title sprintf('%s, variance %s/n', word(word(names, i), 1), word(word(names, i), 2)), \
     for [i=1:5] csv using 3:(of(i, 4)) with points lt i notitle, \
     NaN with lines lt 6 title 'theory', NaN with points lt 6 title 'measured'
set title 'two layers of relu, all weights times s'
set xlabel 's'
set logscale x
set xtics 1e-6,100
unset mxtics
set format x '10^{%L}'
set yrange [*:*]
set key top left Left reverse
plot csv using (stringcolumn(1) eq 'scale' ? $3 : NaN):5 with linespoints lt 2 title 'norm of the first layer''s gradient', \
     csv using (stringcolumn(1) eq 'scale' ? $3 : NaN):4 with linespoints lt 1 title 'loss'
unset multiplot
