set logscale xy
set xlabel 'condition number κ of the bowl'
set ylabel 'steps until the distance is a millionth'
set title 'gradient descent and momentum, each at its best rate'
set key top left Left reverse
set xrange [8:1300]
plot csv using 1:2 with linespoints lt 2 pt 7 ps 0.8 title 'gradient descent', x*log(1e6)/2 with lines lt 2 dt 2 lw 1 title '½ κ log 10⁶', \
     csv using 1:3 with linespoints lt 1 pt 5 ps 0.8 title 'momentum', sqrt(x)*log(1e6)/2 with lines lt 1 dt 2 lw 1 title '½ √κ log 10⁶'
