set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set title 'loss by update'
set xlabel 'update'
set ylabel 'loss' offset 2,0
set logscale y
set yrange [0.3:10]
set ytics (0.3, 0.5, 1, 2, 3, 5, 10)
plot csv using 1:3 with lines lt 1 title 'with the penalty', csv using 1:2 with lines lt 2 dt 2 title 'of the data alone'
set title 'the classes after 200 updates, and the points'
unset logscale
unset grid
set size ratio 1
set xrange [-1.02:1.02]
set yrange [-1.02:1.02]
set ytics 0.5
set xtics 0.5
set xlabel 'x₀'
set ylabel 'x₁' offset 1,0
set palette defined (0 '#c9d9e8', 1 '#fadadd', 2 '#c5e3ca')
set cbrange [0:2]
unset colorbox
set key off
plot folder.'/plane.csv' using 1:2:3 with image, \
     for [c=0:2] folder.'/points.csv' using 1:($3 == c ? $2 : NaN) with points lt c+1 pt 7 ps 1.4, \
     folder.'/points.csv' using 1:2:3 with labels font ',11' textcolor rgb '#ffffff'
