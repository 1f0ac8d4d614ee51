set title 'stationary points of two linear layers'
set xlabel 'loss'
set ylabel 'smallest eigenvalue of the Hessian' offset 1,0
set key bottom left Left reverse samplen 1 title 'rank of W₂W₁'
set yrange [*:1]
set xrange [0:*]
plot 0 with lines lc rgb '#666666' lw 1 notitle, \
     csv using ($3 == 2 ? $1 : NaN):2 with points lt 1 pt 7 ps 0.8 title '2', \
     csv using ($3 == 1 ? $1 : NaN):2 with points lt 2 pt 9 ps 1 title '1', \
     csv using ($3 == 0 ? $1 : NaN):2 with points lt 3 pt 5 ps 0.8 title '0'
