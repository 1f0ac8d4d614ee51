set title 'a step of RMSProp on random gradients'
set xlabel 'number of weights n'
set ylabel 'norm of a step / η'
set logscale xy
set xrange [0.8:1300]
set yrange [0.5:60]
set key top left Left reverse
plot csv using 1:2 with points lt 1 pt 6 ps 1.6 title 'gradients of size 0.001', \
     csv using 1:3 with points lt 2 pt 4 ps 1.6 title 'of size 1', \
     csv using 1:4 with points lt 3 pt 8 ps 1.8 title 'of size 1000', \
     sqrt(x) with lines lc rgb '#222222' dt 2 title '√n', \
     1 with lines lc rgb '#999999' dt 3 title '1, "rescaled to norm 1"'
