set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
scales = folder.'/scales.csv'
set datafile missing NaN
set title 'saturated units along training, |tanh z| > 0.95'
set xlabel 'step'
set ylabel 'share' offset 1,0
set yrange [0:1.55]
set xrange [0:200]
set ytics 0,0.2,1
set key top right
is(name, scale, x) = strcol(1) eq name && $2 == scale ? x : NaN
plot csv using (is('plain', 16, $3)):4 with lines lt 2 dt (6,2) title 'plain, weights × 16', \
     csv using (is('plain', 4, $3)):4 with lines lt 4 dt (3,3) title 'plain, weights × 4', \
     csv using (is('plain', 1, $3)):4 with lines lt 5 dt (1,2) title 'plain, Xavier''s weights', \
     csv using (is('batch norm', 16, $3)):4 with lines lt 1 lw 3 title 'batch norm, weights × 16', \
     csv using (is('batch norm', 1, $3)):4 with lines lt 3 title 'batch norm, Xavier''s weights'
set title 'test accuracy by the scale of the first weights'
set xlabel 'times Xavier''s weights'
set ylabel 'accuracy'
set logscale x 4
set xrange [0.2:80]
set xtics ('¼' 0.25, '1' 1, '4' 4, '16' 16, '64' 64)
plot scales using 1:5 with linespoints lt 1 lw 3 pt 7 ps 0.7 title 'accuracy: batch norm', \
     scales using 1:4 with linespoints lt 2 dt (6,2) pt 6 ps 0.8 title 'accuracy: plain'
