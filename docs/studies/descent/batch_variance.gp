set lmargin 10
set title 'distance of a batch gradient from the gradient, a network that learns digits'
set xlabel 'batch size B'
set ylabel '‖ĝ - g‖'
set logscale xy
set xrange [0.8:320]
set xtics (1, 2, 4, 8, 16, 32, 64, 128, 256)
set key bottom left Left reverse
stats csv using (log($2) + 0.5*log($1)) every ::1 name 'A' nooutput
plot csv using 1:2:3:4 with yerrorbars lt 1 ps 0.9 title 'root mean square, and from the 5 % nearest to the 5 % farthest batches', \
     csv using 1:5 with points lt 2 pt 9 ps 0.9 title 'the farthest batch', exp(A_mean)/sqrt(x) with lines lt 1 lw 1 dt 2 title 'σ/√B'
