set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set datafile missing NaN
set title '200 steps around the minimum, γ = 0.1'
set xlabel 'w_1 - w_1^*'
set ylabel 'w_2 - w_2^*' offset 1,0
set key top left Left reverse
set offsets graph 0.02, graph 0.02, graph 0.2, graph 0.02
plot csv using 2:($1 == 1 ? $3 : NaN) with lines lt 1 lw 0.7 title 'batches of 1', \
     csv using 2:($1 == 16 ? $3 : NaN) with linespoints lt 2 lw 1.2 pt 5 ps 0.4 pi 4 title 'batches of 16', \
     csv using (0):(0) every ::1::1 with points lc rgb '#000000' pt 2 ps 1 lw 2 title 'minimum'
set title 'mean squared distance from the minimum'
set xlabel 'rate γ'
set ylabel 'E‖w - w^*‖^2' offset 1,0
set logscale xy
set offsets 0,0,0,0
set xrange [0.0085:0.095]
set xtics (0.01, 0.02, 0.04, 0.08)
set format y '10^{%L}'
set key top left
part = folder.'/levels.csv'
size(i) = int(word('1 4 16', i))
plot for [i=1:3] part using 1:($2 == size(i) ? $3 : NaN) with points lt i pt int(word('7 9 5', i)) ps 0.9 title sprintf('batches of %d', size(i)), \
     for [i=1:3] part using 1:($2 == size(i) ? $4 : NaN) with lines lt i lw 1 dt 2 title (i == 1 ? 'γ/(2B) tr(H^{-1}C)' : '')
