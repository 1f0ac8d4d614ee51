set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.09
losses = folder.'/losses.csv'
set title 'final loss of 2048 runs: XOR by a relu network 2-2-1'
set xlabel 'cross entropy after training'
set ylabel 'runs' offset 1,0
set boxwidth 0.018
set style fill solid 0.7
set xrange [-0.02:0.75]
plot losses using (0.02*floor($1/0.02)+0.01):(1) smooth frequency with boxes lt 1 lw 1 notitle
set title 'share solved by the best of k runs'
set xlabel 'runs k'
set ylabel 'solved'
set logscale x 2
set xrange [0.9:18]
set yrange [0:1.05]
set key bottom right
plot csv using 1:3 with lines lt 2 title '1 - (1 - p)^k, p the share of single runs', \
     csv using 1:2:(2*$4) with yerrorbars lt 1 pt 7 ps 0.8 title 'measured, ±2 standard errors'
