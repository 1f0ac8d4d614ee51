set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.09
running = folder.'/running.csv'
set title 'derivative of L by each of 12 × 4 inputs'
set xlabel 'central difference of L'
set ylabel 'backprop' offset 1,0
set key top left
plot x with lines lt 6 lw 1 title 'equal', \
     csv using 1:3 with points lt 2 pt 4 ps 0.8 title 'μ and σ as constants', \
     csv using 1:2 with points lt 1 pt 7 ps 0.6 title 'through μ and σ'
set title 'statistics for use: batches of 32 from N(3, 4)'
set xlabel 'training step'
set ylabel 'mean, variance'
set xrange [0:60]
set yrange [0:12]
set key top right
plot 3 with lines lt 1 lw 1 notitle, 4 with lines lt 2 lw 1 notitle, \
     running every 3 using 1:5 with points lt 2 pt 6 ps 0.6 lw 1 title 'variance of the batch', \
     running using 1:3 with lines lt 2 lw 3 title 'running variance', \
     running every 3 using 1:4 with points lt 1 pt 7 ps 0.5 title 'mean of the batch', \
     running using 1:2 with lines lt 1 lw 3 dt (6,2) title 'running mean'
