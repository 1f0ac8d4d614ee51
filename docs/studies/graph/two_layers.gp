set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.1
set logscale
set format x '10^{%L}'
set format y '10^{%L}'
unset mxtics
unset mytics
set title 'relu, all weights times s'
set xlabel 's'
set ylabel 'loss, norm of its gradient'
set xrange [1e-6:1e6]
set yrange [1e-8:1e28]
set xtics 1e-6,1000
set ytics 1e-8,1e8
set key top left Left reverse
set label 'slope 1' at 3e-4,1e-6
set label 'slope 3' at 8e3,1e8
set label 'slope 4' at 2e1,1e14
plot csv using 1:2 with linespoints lt 1 title 'L', csv using 1:3 with linespoints lt 2 pt 5 title '|∇W₁|'
unset label
set title 'descent from there'
set xlabel 'step'
set ylabel 'L' offset 1,0
unset logscale
set format '%g'
set xrange [0:400]
set yrange [0:7]
set xtics 100
set ytics autofreq
set key top right samplen 2.5
s = '0 0.001 0.1 0.5'
plot for [i=1:4] folder.'/descent.csv' using 2:($1 == word(s, i) ? $3 : NaN) with lines lt i dt i title 's = '.word(s, i)
