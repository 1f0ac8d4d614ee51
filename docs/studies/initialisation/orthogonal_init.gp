set mytics 1
set datafile missing NaN
set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.09
at(rule, n, i, x) = strcol(1) eq rule && (n == 0 || $2 == n) && (i == 0 || $3 == i) ? x : NaN
set logscale y
set format y '10^{%L}'
set title 'largest and smallest singular value of a product, width 32'
set xlabel 'layers'
set ylabel 'singular value' offset 1,0
set xrange [0:30]
set yrange [1e-42:1e9]
set key bottom left
plot csv using (at('orthogonal', 0, 1, $2)):4 with lines lt 1 lw 4 title 'orthogonal: both are 1', \
     csv using (at('normal', 0, 1, $2)):4 with lines lt 2 dt (8,3) title 'normal: largest', \
     csv using (at('normal', 0, 32, $2)):4 with lines lt 2 dt (2,2) title 'normal: smallest'
set title 'all 32 singular values'
set xlabel 'index'
set xrange [0:33]
set yrange [1e-9:30]
plot csv using (at('orthogonal', 6, 0, $3)):4 with points lt 1 pt 7 title 'orthogonal, 6 layers', \
     csv using (at('normal', 1, 0, $3)):4 with points lt 2 pt 8 ps 0.8 title 'normal, 1 layer', \
     csv using (at('normal', 3, 0, $3)):4 with points lt 3 pt 4 ps 0.7 title 'normal, 3 layers', \
     csv using (at('normal', 6, 0, $3)):4 with points lt 4 pt 6 ps 0.7 title 'normal, 6 layers'
