set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
rows(condition) = "< awk -F, '".condition."' '".csv."'"
last(start) = rows('$4 == 700 && $2 == "'.start.'"')
judged(start) = rows('$3 > 12 && $3 < 13 && $2 == "'.start.'"')
set title 'after training: each circle is a network, lines are means'
set xlabel 'weights that are left, %'
set ylabel 'wrong new images, %' offset 1,0
set logscale x
set xrange [110:0.8]
set xtics (100, 50, 20, 10, 5, 2, 1)
set yrange [0:30]
set key top left
plot last('ticket') using 3:5 with points lt 1 pt 6 ps 0.4 notitle, '' using 3:5 smooth unique with lines lt 1 title 'their initial values', \
     last('random') using 3:5 with points lt 2 pt 4 ps 0.4 notitle, '' using 3:5 smooth unique with lines lt 2 dt 2 title 'other initial values'
unset logscale
set title 'learning with 12.3 % of the weights (means)'
set xlabel 'step'
set xrange [0:700]
set xtics 100
set yrange [0:50]
set key top right
plot rows('$3 == 100') using 4:5 smooth unique with lines lt 3 dt 3 title 'all weights', \
     judged('ticket') using 4:5 smooth unique with linespoints lt 1 title 'their initial values', \
     judged('random') using 4:5 smooth unique with linespoints lt 2 dt 2 title 'other initial values'
unset multiplot
