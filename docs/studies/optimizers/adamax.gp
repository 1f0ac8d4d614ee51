set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
set title 'norms of the past gradients'
set xlabel 'step'
set ylabel 'u' offset 1,0
set xrange [0:90]
set yrange [0:5]
plot csv using 1:2 every 2 with points lc rgb '#999999' pt 7 ps 0.4 title '|g|', \
     csv using 1:4 with lines lt 2 dt 2 title 'p = 2, Adam without correction', \
     csv using 1:5 with lines lt 3 dt 4 title 'p = 8', \
     csv using 1:6 with lines lt 4 dt 3 title 'p = 128', \
     csv using 1:3 with lines lt 1 title 'Adamax'
set title 'distance from Adamax'
set xlabel 'p'
set ylabel 'largest |ln u_p - ln u|' offset 1,0
set logscale xy
set xrange [1.5:3000]
set yrange [1e-8:10]
set format y '10^{%L}'
plot folder.'/limit.csv' using 1:2 skip 1 with linespoints lt 1 pt 6 ps 1.2 title 'measured', log(90)/x with lines lc rgb '#999999' dt 3 title 'ln(90)/p'
