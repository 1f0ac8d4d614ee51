set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
points = folder.'/points.csv'
of(k, c) = $3 == k ? column(c) : NaN
stats points every ::1::1 using 4 name 'a' nooutput
stats points every ::1::1 using 5 name 'b' nooutput
stats points every ::1::1 using 6 name 'c' nooutput
set title 'a hundred points with the margin 0.3, and the line found'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-1:1]
set yrange [-1:1.5]
set key top center horizontal
set samples 40
plot points using (of(1, 1)):2 with points lt 1 pt 7 ps 0.7 title 'y = 1', \
     points using (of(-1, 1)):2 with points lt 2 pt 2 ps 0.7 title 'y = -1', \
     -(a_min*x + c_min)/b_min with lines lt 6 notitle
set title 'mistakes until there are no more'
set xlabel 'margin γ'
set ylabel 'mistakes' offset 1,0
set logscale xy
set xrange [0.015:0.4]
set yrange [1:1e5]
set format y '10^{%L}'
set key top right
plot csv using 1:3 with lines lt 6 dt 2 title "Novikoff's bound (R/γ)²", \
     csv using 1:2 with linespoints lt 1 pt 7 ps 1 title 'the perceptron'
