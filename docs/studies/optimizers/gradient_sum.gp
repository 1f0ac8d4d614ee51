set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
set title 'first weight, 5120 examples'
set xlabel 'step'
set ylabel 'w₁' offset 1,0
set xrange [0:60]
set key top right
plot folder.'/path.csv' using 1:2 skip 1 with lines lt 1 title 'mean, rate η', \
     folder.'/path.csv' using 1:3 skip 1 every 4 with points lt 2 pt 6 ps 1.1 title 'sum, rate η/m'
set title 'largest rate'
set xlabel 'examples m'
set ylabel 'rate' offset 1,0
set logscale xy
set xrange [15:7000]
set yrange [1e-4:30]
set format y '10^{%L}'
set key top right
plot csv using 1:3 with linespoints lt 1 pt 6 ps 1.2 title 'mean', csv using 1:2 with linespoints lt 2 pt 4 ps 1.2 dt 2 title 'sum', \
     1/x with lines lc rgb '#999999' dt 3 title '1/m'
