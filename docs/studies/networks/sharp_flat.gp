set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set title 'at a training loss of 0.02, rate 0.1'
set xlabel 'images in a batch'
set ylabel 'largest eigenvalue of the Hessian' offset 1,0
set logscale x 2
set xrange [3:1200]
set xtics (4, 16, 64, 256, 'all' 898)
set yrange [0:*]
set key bottom right
plot csv using 1:7 with points lt 1 pt 6 ps 0.8 title 'one network', csv using 1:7 smooth unique with lines lt 1 title 'mean'
set title 'new images'
set ylabel 'wrong, %'
set yrange [0:10]
plot csv using 1:6 with points lt 2 pt 6 ps 0.8 title 'one network', csv using 1:6 smooth unique with lines lt 2 title 'mean'
unset multiplot
