set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
f(x, y) = x**2 + 4*y**2
of(rate, c) = $1 == rate ? column(c) : NaN
set title 'paths over contours of x₁² + 4x₂²'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-2.4:2.4]
set yrange [-1.4:1.4]
set isosamples 50
set contour base
set cntrparam levels discrete 0.25,1,2,4,8
unset surface
set table $contours
splot f(x, y)
unset table
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     for [i=1:3] csv using (of(word('0.05 0.2 0.26', i), 3)):4 with linespoints lt i dt i pt int(word('7 5 9', i)) ps 0.7 title sprintf('rate %s', word('0.05 0.2 0.26', i))
set title 'distance from the minimum'
set xlabel 'step'
set ylabel 'distance'
set xrange [0:40]
set yrange [1e-4:1e3]
set logscale y
set format y '10^{%L}'
plot for [i=1:3] csv using 2:(sqrt(of(word('0.05 0.2 0.26', i), 3)**2 + $4**2)) with lines lt i dt i title sprintf('rate %s', word('0.05 0.2 0.26', i))
