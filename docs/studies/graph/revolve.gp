set datafile missing NaN
set title 'forward steps that run again, with room for c results'
set xlabel 'equal stages n'
set ylabel 'repeated steps'
set logscale y
unset mytics
set xrange [0:33]
set yrange [1:10000]
set key top left Left reverse maxrows 3
plot for [c=1:6] csv using 1:($2 == c ? $4 : NaN) with lines lt c dt c notitle, \
     for [c=1:6] csv using 1:($2 == c ? $3 : NaN) with points lt c pt 2*c+3 ps 0.7 title sprintf('c = %d', c), \
     NaN with lines lt 6 title 'r n - C(c + r, c + 1)'
