set multiplot layout 1,2 margins 0.085,0.97,0.16,0.9 spacing 0.1
set title 'momentum 0.9: size of each step'
set xlabel 'step'
set ylabel 'size, in plain steps'
set xrange [0:40]
set ylabel offset 1,0
set yrange [0.08:400]
set logscale y
set key top right
plot csv using ($1 == 0.9 ? $2 : NaN):3 with lines lt 1 title 'constant gradient', \
     10 with lines lt 1 lw 1 dt 3 title '1/(1 - α) = 10', \
     csv using ($1 == 0.9 ? $2 : NaN):4 with lines lt 2 dt 2 title 'alternating gradient', \
     1/1.9 with lines lt 2 lw 1 dt 3 title '1/(1 + α) = 0.526', 1 with lines lt 6 lw 1 dt 2 title 'without momentum'
set title 'size of the steps in the end'
set xlabel 'momentum α'
set xrange [0:1]
set yrange [0.3:200]
set samples 400
set key top left
plot 1/(1 - x) with lines lt 1 lw 1 dt 3 title '1/(1 - α)', folder.'/gain.csv' using 1:2 with points lt 1 ps 0.9 title 'constant gradient', \
     1/(1 + x) with lines lt 2 lw 1 dt 3 title '1/(1 + α)', folder.'/gain.csv' using 1:3 with points lt 2 pt 9 ps 0.9 title 'alternating gradient'
