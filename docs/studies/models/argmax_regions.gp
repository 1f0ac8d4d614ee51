set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set contour base
set cntrparam levels discrete 0
unset surface
set table $regions
splot for [k=3:5] folder.'/regions.csv' using 1:2:k
unset table
of(k, c) = $3 == k ? column(c) : NaN
points = folder.'/points.csv'
set title 'three classes, and where each output is the largest'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-1.2:1.2]
set yrange [-1.2:1.6]
set key top center horizontal
plot $regions using 1:2 '%lf %lf' with lines lt 6 lw 1 notitle, \
     for [k=0:2] points using (of(k, 1)):2 with points lt k+1 pt 5+2*k ps 0.6 title sprintf('class %d', k+1)
set title 'training'
set xlabel 'step'
set ylabel 'loss; share that is right' offset 1,0
set xrange [0:300]
set yrange [0:1.25]
set key center right
plot csv using 1:2 with lines lt 1 title 'cross entropy', \
     csv using 1:3 with lines lt 2 dt 2 title 'right, training points', \
     csv using 1:4 with lines lt 3 dt 4 title 'right, fresh points'
