set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
pairs = folder.'/pairs.csv'
set title 'saddles of order 2'
set xlabel 'hidden neurons n'
set ylabel 'number' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [2.7:8.3]
set xtics 1
set key bottom right
plot csv using 1:2 with points lt 1 pt 7 ps 1.2 title 'counted one by one', \
     csv using 1:3 with lines lt 1 title "formula, C(n-2, 2) = (n-2)(n-3)/2", \
     csv using 1:4 with linespoints lt 2 dt 2 pt 2 ps 0.8 title "text: C(n-2, 2) read as n(n-1)/2"
set title 'saddles of K disjoint pairs for each minimum'
set xlabel 'pairs K'
set ylabel 'factor 2^{-K} C(n-K, K)' offset 1,0
set format y '%g'
set xrange [-0.3:6.3]
set yrange [0.08:40]
set key bottom left
of(n, c) = $1 == n ? column(c) : NaN
plot for [i=1:3] pairs using (of(int(word('6 10 14', i)), 2)):3 with linespoints lt i pt 4+2*i ps 0.9 title 'n = '.word('6 10 14', i), \
     1 with lines lt 6 dt 2 title 'as many as minima'
