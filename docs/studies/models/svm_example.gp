set multiplot layout 1,3 margins 0.065,0.985,0.25,0.9 spacing 0.075
set contour base
set cntrparam levels discrete 0
unset surface
set table $before
splot for [k=3:5] folder.'/start.csv' using 1:2:k
unset table
set table $after
splot for [k=3:5] folder.'/end.csv' using 1:2:k
unset table
of(k, c) = $3 == k ? column(c) : NaN
set xlabel 'x₁'
set ylabel 'x₂' offset 0.8,0
set xrange [-1:1]
set yrange [-1:1.2]
set xtics 0.5
set key at screen 0.19,0.05 center vertical maxrows 1 samplen 0.5 width -1
set title 'W and b as given'
plot $before using 1:2 '%lf %lf' with lines lt 6 lw 1 notitle, \
     for [k=1:3] folder.'/svm_example.csv' using (of(k, 1)):2 with points lt k pt 3+2*k ps 1.1 title sprintf('class %d', k)
set title 'after 300 steps'
set key at screen 0.525,0.05
plot $after using 1:2 '%lf %lf' with lines lt 6 lw 1 notitle, \
     for [k=1:3] folder.'/svm_example.csv' using (of(k, 1)):2 with points lt k pt 3+2*k ps 1.1 title sprintf('class %d', k)
set title 'descent'
set xlabel 'step'
set ylabel 'loss; points' offset 0.8,0
set xrange [0:300]
set yrange [0:10]
set xtics 100
set key at screen 0.86,0.06 center vertical maxrows 2 samplen 3 width 0
plot folder.'/descent.csv' using 1:2 with lines lt 1 title 'loss with penalty', \
     folder.'/descent.csv' using 1:3 with lines lt 2 dt 2 title 'points that are right'
