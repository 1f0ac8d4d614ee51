set datafile missing NaN
set multiplot layout 1,2 margins 0.08,0.97,0.16,0.9 spacing 0.1
set logscale xy
unset mxtics
unset mytics
set format y '10^{%L}'
set title 'operations of a Newton step, 512 examples'
set xlabel 'parameters n'
set ylabel 'operations'
set xtics (4, 8, 16, 32, 64, 128, 256)
set xrange [4:256]
set yrange [1:1e11]
set ytics 1,1000
set key top left Left reverse samplen 2.5
plot csv using 1:3 with linespoints lt 1 title 'Hessian', csv using 1:4 with linespoints lt 2 pt 5 dt 2 title 'linear system', \
     csv using 1:2 with linespoints lt 3 pt 9 dt 3 title 'gradient', csv using 1:5 with linespoints lt 6 pt 13 dt 4 title 'update'
unset logscale x
set title '32 features of scales from 1 to 1/10'
set xlabel 'operations, in millions'
set ylabel '|gradient|, relative'
set xtics autofreq
set xrange [0:270]
set yrange [1e-16:100]
set ytics 1e-16,1e4
set key bottom left
r = folder.'/race.csv'
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set key top right noreverse Right
plot r using ($2/1e6):(of('descent', 3)) with lines lt 1 title 'gradient descent', r using ($2/1e6):(of('newton', 3)) with linespoints lt 2 pt 7 dt 2 ps 0.9 title 'one Newton step'
