set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set logscale x
set xrange [0.045:18]
set xlabel 'hidden units / training images, N/n'
set xtics (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 16)
set arrow from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#888888' dt 3
set title 'squared error'
set ylabel 'mean over images and classes' offset 1,0
set format y '10^{%g}'
set yrange [-3:2]
set ytics 1
set key top right
plot csv using 1:(log10($5)) with points lt 2 pt 6 ps 0.5 title 'one network', csv using 1:(log10($5)) smooth unique with lines lt 2 title 'new images', \
     csv using 1:($4 > 1e-6 ? log10($4) : NaN) smooth unique with linespoints lt 1 dt 2 title 'training images'
set title 'classification'
set ylabel 'wrong new images, %'
set format y '%g'
set yrange [0:100]
set ytics 20
plot csv using 1:(100*$6) with points lt 2 pt 6 ps 0.5 title 'one network', csv using 1:(100*$6) smooth unique with lines lt 2 title 'mean'
unset multiplot
