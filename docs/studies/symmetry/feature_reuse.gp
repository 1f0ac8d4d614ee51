set title 'a new task from few examples'
set xlabel 'examples of the new task'
set ylabel 'error on new points, share of the variance'
set logscale xy
set xrange [18:350]
set xtics (20, 40, 80, 160, 320)
set yrange [1e-4:10]
set bmargin at screen 0.27
set tmargin at screen 0.9
set lmargin at screen 0.09
set rmargin at screen 0.98
set key at screen 0.53,0.07 center vertical maxrows 2 samplen 4
plot csv using 1:4 smooth unique with linespoints lt 2 dt 2 pt 4 ps 0.9 title 'random first layer, held', \
     csv using 1:5 smooth unique with linespoints lt 3 dt 3 pt 9 ps 0.9 title 'all layers trained on these examples', \
     csv using 1:3 smooth unique with linespoints lt 1 pt 7 ps 0.8 title 'first layer of the old tasks, held', \
     csv using 1:4 with points lt 2 pt 4 ps 0.3 notitle, csv using 1:3 with points lt 1 pt 7 ps 0.3 notitle
