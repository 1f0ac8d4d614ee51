set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
whole = system(sprintf("awk -F, 'NR == 2 {print $2}' %s", csv)) + 0
set title 'loss on the path, all but the distance relaxed'
set xlabel 'distance ‖w₁ - w₂‖: down to 0, swap, and back'
set ylabel 'loss'
set xrange [-whole:whole]
set yrange [0:0.055]
set key top left Left reverse samplen 2
set format x '%g'
set xtics ('1.5' -1.5, '1' -1, '0.5' -0.5, '0' 0, '0.5' 0.5, '1' 1, '1.5' 1.5)
set arrow 1 from 0, graph 0 to 0, graph 1 nohead dt 2 lc rgb '#888888'
set label 1 'swap: the saddle' at 0.03, graph 0.06
plot csv using ($1 <= 0 ? -$2 : NaN):3 with linespoints lt 1 title 'before the swap', \
     csv using ($1 >= 0 ? $2 : NaN):3 with linespoints lt 2 pt 5 dt 2 title 'after the swap'
unset arrow 1
unset label 1
set title 'the four weight vectors, from dot to circle'
set xlabel 'first component'
set ylabel 'second component' offset 1,0
set xrange [-3:3.4]
set yrange [-3:3]
set xtics auto
set size ratio -1
set key top right noreverse Right samplen 3
plot for [k=1:4] csv using (column(2 + 2 * k)):(column(3 + 2 * k)) with lines lt k lw (k == 1 ? 5 : 2) title sprintf('w_{%d}', k), \
     for [k=1:4] csv using ($1 == -24 ? column(2 + 2 * k) : NaN):(column(3 + 2 * k)) with points lt k pt 7 ps 1 notitle, \
     for [k=1:4] csv using ($1 == 24 ? column(2 + 2 * k) : NaN):(column(3 + 2 * k)) with points lt k pt 6 ps 1.7 notitle
