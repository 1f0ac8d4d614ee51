set title 'where 20 descents end'
set xlabel 'start'
set ylabel 'loss above that of the best linear map' offset 1,0
set xrange [-1:20]
set yrange [*:*]
set offsets 0,0,graph 0.2,graph 0.05
set key top right samplen 1
of(name) = stringcolumn(1) eq name ? $2 : NaN
plot csv using (of('two')):3 with points lt 1 pt 7 ps 0.8 title 'two linear layers', \
     '' using (of('three')):3 with points lt 3 pt 4 ps 1.3 title 'three linear layers', \
     '' using (of('relu')):3 with points lt 2 pt 2 ps 0.8 title 'relu between two layers'
