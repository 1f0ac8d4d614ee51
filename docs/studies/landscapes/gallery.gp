set terminal svg size 1020,660 font 'sans-serif,13' background '#ffffff' dashlength 0.6
set output csv[1:strlen(csv)-4].'.svg'
set multiplot layout 2,3
of(name) = stringcolumn(1) eq name
set rmargin 3
set xlabel 'x' offset 0,0.5
set ylabel 'f(x)' offset 1.5,0
set title 'plateaus and extrema'
set yrange [-0.9:1.5]
set key bottom left Left reverse samplen 1.5
plot csv using (of('curve') ? $2 : NaN):3 with lines lt 1 title 'f', \
     csv using (of('curve') && $2 > 0 && $2 < 2 ? $2 : NaN):4 with lines lt 2 title 'tangent at 1', \
     csv using (of('point') && stringcolumn(4) eq 'maximum' ? $2 : NaN):3:4 with labels left point pt 7 ps 0.7 offset 0.8,0 notitle, \
     csv using (of('point') && stringcolumn(4) eq 'minimum' ? $2 : NaN):3:4 with labels point pt 7 ps 0.7 offset 0,-1 notitle
set title 'sin and its Taylor polynomials'
set ylabel 'p(x)'
set yrange [-2:2]
set xrange [-7:7]
unset key
colour(d) = word('#bb8800 #ccaa44 #88aa55 #44aa88 #4499bb #4477aa #334488', (d + 1) / 2)
plot for [d=1:13:2] csv using (of('sine') && $2 == d ? $3 : NaN):4 with lines lc rgb colour(d) lw 1.5, \
     sin(x) with lines lt 2
set title 'errors of the polynomials'
set ylabel '|p(x) - sin x|' offset 2,0
set logscale y
unset mytics
set format y '10^{%L}'
set yrange [1e-12:10]
set xrange [0:7]
set key bottom right samplen 1.5 title 'degree'
plot for [d=1:13:2] csv using (of('sine') && $2 == d ? $3 : NaN):5 with lines lc rgb colour(d) lw 1.5 title sprintf('%d', d)
unset logscale
unset key
set format '%g'
set ylabel 'y' offset 1,0
set xrange [-1.02:1.02]
set yrange [-1.02:1.02]
set border 15
set tics 0.5
set size ratio 1
unset rmargin
unset grid
set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')
do for [i=1:3] {
    name = word('minimum saddle monkey', i)
    set title word("'minimum: x² + y²' 'saddle: x² - y²' 'monkey saddle: x³ - 3xy²'", i)
    set cbtics word('0.5 0.5 1', i) + 0
    plot "< grep '^".name.",' '".csv."'" using 2:3:4 with image
}
unset multiplot
