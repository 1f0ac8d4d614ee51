set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
set xlabel 'batch size'
set logscale xy
set xrange [0.8:1300]
set xtics (1, 4, 16, 64, 256, 1024)
set format y '10^{%L}'
set title 'to 1% of the excess loss'
set ylabel 'steps or examples' offset 1,0
set yrange [1:1e5]
set key top left Left reverse
plot csv using 1:3 with linespoints lt 1 pt 6 ps 1.2 title 'steps', csv using 1:4 with linespoints lt 2 pt 4 ps 1.2 dt 2 title 'examples'
set title 'the best rate'
set ylabel 'rate' offset 1,0
set yrange [0.01:10]
plot csv using 1:2 with linespoints lt 3 pt 8 ps 1.3 notitle
