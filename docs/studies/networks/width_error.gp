set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set logscale x 2
set xrange [0.9:1200]
set xlabel 'hidden units'
set xtics (1, 2, 4, 8, 16, 32, 64, 256, 1024)
set key top right
set title 'after training'
set ylabel 'wrong images, %' offset 1,0
set yrange [-2:100]
plot csv using 1:(100*$4) with points lt 2 pt 6 ps 0.5 notitle, csv using 1:(100*$4) smooth unique with lines lt 2 title 'new images', \
     csv using 1:(100*$3) smooth unique with lines lt 1 dt 2 title 'training images'
set title 'the same from 6 units on'
set xrange [5.5:1200]
set yrange [-0.5:16]
set xtics (6, 8, 12, 16, 32, 64, 256, 1024)
replot
unset multiplot
