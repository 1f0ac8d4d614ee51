set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set title 'straight lines from a minimum to its 35 copies'
set xlabel 'share t of the way'
set ylabel 'loss'
set xrange [0:1]
set yrange [0:*]
plot for [i=1:35] csv using ($1 == i ? $2 : NaN):3 with lines lt 1 lw 0.8 notitle, \
     csv using ($1 == 1 ? $2 : NaN):3 with lines lt 2 lw 3 dt 2 title 'two units of the second layer exchanged'
set title 'the same loss at both ends, more in the middle'
set xlabel 'copy'
set xrange [0:36]
set logscale y
set yrange [*:*]
set key at graph 0.98,0.28 right center
plot csv using ($2 == 1 ? $1 : NaN):3 with points lt 1 pt 7 ps 0.6 title 'copy', \
     csv using (abs($2 - 0.5) < 1e-9 ? $1 : NaN):3 with points lt 2 pt 9 ps 0.8 title 'average with the minimum'
