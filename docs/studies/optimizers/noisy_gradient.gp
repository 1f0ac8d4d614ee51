set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name) = stringcolumn(1) eq name ? column(3) : NaN
set logscale y
unset mytics
set format y '10^{%L}'
set title 'norm of the gradient in training'
set xlabel 'step'
set ylabel '‖g‖' offset 1,0
set xrange [0:1000]
set yrange [1e-7:100]
plot csv using 2:(of('batch')) with lines lt 2 dt 2 title 'batches of 16, a falling rate', csv using 2:(of('full')) with lines lt 1 title 'all 2048 examples', \
     1e-6 with lines lc rgb '#999999' dt 3 title 'tolerance'
set title 'at the exact minimum'
set logscale x
set xlabel 'batch size B'
set xrange [0.8:1300]
set yrange [0.03:10]
set format y '%g'
set xtics (1, 4, 16, 64, 256, 1024)
plot folder.'/minimum.csv' using 1:2 skip 1 with linespoints lt 2 pt 6 ps 1.3 title 'root mean square of ‖g‖', 2.45/sqrt(x) with lines lc rgb '#999999' dt 3 title '√(6/B)'
