set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1
set datafile missing NaN
of(name, b) = stringcolumn(1) eq name && ($2 > 0) == b
set title 'leaving the saddle of (x² - y²/2)/2 + y⁴/4'
set xlabel 'step'
set ylabel 'distance |y|' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [0:400]
set yrange [1e-6:3]
set key bottom right samplen 2
plot csv using (of('saddle', 0) ? $3 : NaN):(abs($4)) with lines lt 1 title 'gradient descent', \
     csv using (of('saddle', 1) ? $3 : NaN):(abs($4)) with lines lt 2 dt 2 title 'momentum 0.95'
unset logscale
set format y '%g'
set title 'x²/8 + cos(2x + 1)/2, from x = -6'
set xlabel 'x'
set ylabel 'loss' offset 1,0
set xrange [-6.5:4]
set yrange [-0.7:5.5]
set key top right
plot x**2/8 + 0.5*cos(2*x + 1) with lines lc rgb '#aaaaaa' lw 1.5 notitle, \
     csv using (of('shallow', 0) ? $4 : NaN):5 with points lt 1 title 'gradient descent', \
     csv using (of('shallow', 1) ? $4 : NaN):($5 + 0.08) with points lt 2 pt 6 title 'momentum 0.95'
unset multiplot
