set multiplot layout 1,2 margins 0.075,0.965,0.26,0.9 spacing 0.11
unset grid
set title 'samples before and after, and the data'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-3.5:5]
set yrange [-4:7]
set key at screen 0.27,0.05 center vertical maxrows 1 samplen 1
plot folder.'/before.csv' every 2 using 3:4 with points lt 6 pt 6 ps 0.4 title 'samples before', \
     folder.'/after.csv' every 2 using 3:4 with points lt 2 pt 4 ps 0.5 title 'samples after', \
     folder.'/after.csv' every 2 using 1:2 with points lt 1 pt 7 ps 0.4 title 'data'
set grid
set title 'the critic estimates the distance'
set xlabel 'step of the generator'
set ylabel 'distance'
set xrange [0:150]
set yrange [0:*]
set key at screen 0.76,0.06 center vertical maxrows 2 samplen 3
plot csv using 1:2 with lines lt 1 title 'W, exact', csv using 1:3 with linespoints lt 2 dt 2 pt 6 ps 0.6 title 'E f(y) - E f(g(z)) of the critic'
