set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
of(k, c) = $4 == k ? column(c) : NaN
weights = folder.'/weights.csv'
stats weights every ::1 using 1 name 'wx' nooutput
stats weights every ::1 using 3 name 'wz' nooutput
stats weights every ::1 using 4 name 'b' nooutput
set title 'in the plane'
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [-1.3:1.3]
set yrange [-1.2:1.55]
set key top center horizontal
plot csv using (of(0, 1)):2 with points lt 1 pt 6 ps 0.7 title 'class 0', \
     csv using (of(1, 1)):2 with points lt 2 pt 2 ps 0.7 title 'class 1'
set title 'lifted, seen from the side'
set ylabel 'z = √(x² + y²)' offset 1,0
set yrange [0.2:1.55]
set samples 2
plot csv using (of(0, 1)):3 with points lt 1 pt 6 ps 0.7 title 'class 0', \
     csv using (of(1, 1)):3 with points lt 2 pt 2 ps 0.7 title 'class 1', \
     -(wx_min*x + b_min)/wz_min with lines lt 6 title 'fitted plane at y = 0'
