set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set title 'stationary points from one minimum'
set xlabel 'hidden units n'
set ylabel 'number'
set xrange [2.8:8.2]
set logscale y
set format y '10^{%L}'
set key top left
plot csv using 1:4 with linespoints lt 3 pt 9 ps 0.9 dt 3 title 'saddles of order 2', \
     csv using 1:3 with linespoints lt 2 pt 5 ps 0.7 dt 2 title 'saddles of order 1', \
     csv using 1:2 with linespoints lt 1 pt 7 ps 0.7 title 'minima n!'
set title 'saddles with K pairs of equal units for each minimum'
set ylabel 'ratio 2^{-K} C(n - K, K)'
set xrange [2.8:10.2]
set yrange [0.2:20]
set format y '%g'
of(k, c) = $2 == k ? column(c) : NaN
set arrow 1 from 2.8,1 to 10.2,1 nohead dt 2 lc rgb '#888888'
plot for [k=1:4] folder.'/pairs.csv' using (of(k, 1)):3 with linespoints lt k pt 6 dt k title sprintf('K = %d', k), \
     folder.'/pairs.csv' using ($4 == 1 ? $1 : NaN):3 with points lt 6 pt 7 ps 0.6 title 'counted'
