set lmargin 9
set title 'loss of each epoch: a network that learns digits, a fifth of which have a random label; one seed'
set xlabel 'epoch'
set ylabel 'mean loss of the epoch'
set xrange [1:30]
set yrange [0.7:2.6]
set key top right
of(kind) = strcol(1) eq kind && $3 == 0
set datafile missing NaN
set arrow from 10.5,0.72 to 10.5,1.36 nohead lc rgb '#999999' dt 3
set arrow from 20.5,0.72 to 20.5,1.36 nohead lc rgb '#999999' dt 3
set label 'rate / 10' at 10.7,1.34 textcolor rgb '#444444'
set label 'rate / 10' at 20.7,1.34 textcolor rgb '#444444'
plot csv using 4:(of('too high') ? $5 : NaN) with lines lt 6 dt 2 title '10: far too high (above the picture)', \
     csv using 4:(of('low') ? $5 : NaN) with lines lt 3 dt 4 title '0.003: low', \
     csv using 4:(of('high') ? $5 : NaN) with linespoints lt 2 pt 8 title '0.4: high', \
     csv using 4:(of('good') ? $5 : NaN) with lines lt 1 title '0.05: good', \
     csv using 4:(of('staircase') ? $5 : NaN) with linespoints lt 4 pt 6 dt 2 title '0.4, 0.04, 0.004: staircase'
