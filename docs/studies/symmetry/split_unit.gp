set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.13
of(u, c) = $1 == u ? column(c) : NaN
set xlabel 'share μ of the output weight'
set xrange [-1:2]
set title 'the loss along three lines of stationary points'
set ylabel 'loss' offset 1,0
set yrange [0:*]
set key bottom right
plot for [u=1:3] csv using (of(u, 2)):3 with lines lt u dt int(word('1 1 2', u)) lw int(word('8 4 2', u)) title sprintf('unit %d doubled', u)
set title 'smallest eigenvalue of the Hessian there'
set ylabel 'eigenvalue'
set yrange [*:0.02]
set key top center
plot for [u=1:3] csv using (of(u, 2)):4 with linespoints lt u dt u pt 4+2*u ps 0.6 title sprintf('unit %d doubled', u)
