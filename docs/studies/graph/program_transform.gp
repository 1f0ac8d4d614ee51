stats folder.'/transform.csv' using 1 nooutput name 'E'
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.1
f = folder.'/function.csv'
set title 'l₄(x) and its derivative'
set xlabel 'x'
set ylabel 'derivative'
set xrange [0:1]
set yrange [-130:70]
set ytics -60,20,60
unset mytics
set key bottom center samplen 3
plot f using 1:3 with lines lt 1 title 'by hand', f using 1:(int($0) % 2 == 0 ? $5 : NaN) with points lt 2 pt 6 ps 0.7 title 'backward on a tape', \
     f using 1:(20 * $2) with lines lt 6 dt 2 title '20 l₄(x)'
set title 'largest error at 99 points, of the derivative''s size'
set xlabel 'step h of the difference'
set ylabel 'error'
set logscale
unset mxtics
unset mytics
set format '10^{%L}'
set xrange [1e-16:1]
set yrange [1e-17:1e4]
set xtics 1e-16,1e4
set ytics 1e-16,1e4
set key top center samplen 2.5
plot csv using 1:2 with linespoints lt 1 title '(f(x + h) - f(x)) / h', csv using 1:3 with linespoints lt 2 pt 5 title '(f(x + h) - f(x - h)) / (2h)', \
     E_max with lines lt 3 dt 2 title 'backward: no step'
