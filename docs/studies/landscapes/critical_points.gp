set title 'critical points of a network with 20 parameters'
set xlabel 'loss'
set ylabel 'index: negative eigenvalues of the Hessian'
set yrange [-0.5:*]
set key top left Left reverse samplen 1
plot csv using ($2 == 0 ? $1 : NaN):2 with points lt 1 pt 7 ps 0.8 title 'minima', \
     csv using ($2 > 0 ? $1 : NaN):2 with points lt 2 pt 6 ps 0.8 title 'saddles'
