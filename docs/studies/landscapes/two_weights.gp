set multiplot layout 1,2 margins 0.07,0.985,0.26,0.9 spacing 0.1
f(x, y) = (1 - x*y)**2
set title 'descent over contours of (1 - w₁w₂)²'
set xlabel 'w₁'
set ylabel 'w₂' offset 1,0
set xrange [-2:2]
set yrange [-2:2]
set isosamples 23
set samples 23
set contour base
set cntrparam levels discrete 0.3,1,3,8
unset surface
set table $contours
splot f(x, y)
unset table
set samples 100
set key at screen 0.25,0.06 center vertical maxrows 2 samplen 2
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     (abs(x) > 0.1 ? 1/x : NaN) with lines lt 6 dt 2 lw 1.5 title 'minima', \
     for [i=1:3] folder.'/paths.csv' using ($1 == word('1.8 -1.4 -0.2', i) ? $2 : NaN):3 with linespoints lt i pt int(word('7 5 9', i)) ps 0.7 title sprintf('path %d', i), \
     '-' using 1:2 with points lt 4 pt 2 ps 1 title 'saddle'
0,0
e
set title 'eigenvalues of the Hessian at (t, t)'
set xlabel 't'
set ylabel 'eigenvalue'
set xrange [-1.5:1.5]
set yrange [-3:12]
set key at screen 0.77,0.06 center vertical maxrows 1 samplen 3
plot csv using 1:3 with lines lt 1 title 'largest', csv using 1:2 with lines lt 2 dt 2 title 'smallest', 0 with lines lc rgb '#666666' lw 1 notitle
