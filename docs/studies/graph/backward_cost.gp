set datafile missing NaN
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.1
set logscale
unset mxtics
unset mytics
set title 'operations of a pass'
set xlabel 'layers k'
set ylabel 'operations'
set format y '10^{%L}'
set xrange [1:64]
set xtics (1, 2, 4, 8, 16, 32, 64)
set yrange [1e1:1e9]
set ytics 1e1,100
set key top left Left reverse maxrows 3 samplen 2.5
w = '4 32 128'
plot for [i=1:3] csv using 1:($2 == word(w, i) + 0 ? $3 : NaN) with linespoints lt i dt 2 title sprintf('forward, H = %s', word(w, i)), \
     for [i=1:3] csv using 1:($2 == word(w, i) + 0 ? $4 : NaN) with linespoints lt i pt 5 title sprintf('backward, H = %s', word(w, i))
unset logscale y
set format y '%g'
set title 'ratios, H = 128'
set ylabel 'ratio of operations'
set yrange [0:4]
set ytics 1
set key default
set key bottom right samplen 2.5
plot csv using ($2 == 128 ? $1 : NaN):6 with points lt 1 ps 0.8 title 'loss and gradient over loss', 3 with lines lt 1 dt 2 title '3', \
     csv using ($2 == 128 ? $1 : NaN):5 with points lt 2 pt 5 ps 0.8 title 'products, backward over forward', 2 - 1/x with lines lt 2 dt 2 title '2 - 1/k'
