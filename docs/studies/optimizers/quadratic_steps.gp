set title 'steps to a millionth of the distance, 12 variables'
set xlabel 'condition number κ'
set ylabel 'steps'
set logscale xy
set xrange [2:1000]
set yrange [0.5:20000]
set key top left Left reverse
plot csv using 1:4 with linespoints lt 1 pt 6 ps 1.4 title 'gradient descent', 0.5*x*log(1e6) with lines lc rgb '#999999' dt 3 title '½ κ ln 10^6', \
     csv using 1:3 with linespoints lt 2 pt 4 ps 1.4 dt 2 title 'conjugate gradients', 12 with lines lc rgb '#999999' dt 4 title 'n = 12', \
     csv using 1:2 with linespoints lt 3 pt 8 ps 1.5 title 'Newton'
