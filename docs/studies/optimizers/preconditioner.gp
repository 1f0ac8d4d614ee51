set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
set logscale xy
set format y '10^{%L}'
set title 'effective rates by curvature'
set xlabel 'curvature h'
set ylabel 'effective rate / η' offset 1,0
set xrange [5e-3:2]
set yrange [0.3:1000]
plot csv using 1:2 with lines lc rgb '#222222' title 'Newton, 1/h', \
     csv using 1:3 with linespoints lt 1 pt 6 ps 1.3 dt 2 title '1/√(s + ε), all data, far away', \
     csv using 1:4 with linespoints lt 2 pt 4 ps 1.3 dt 4 title '1/√(s + ε), one example, at the minimum', \
     x**-0.5 with lines lc rgb '#999999' dt 3 title 'h^{-½}'
set title 'the Hessian of a batch'
set xlabel 'examples |J|'
set ylabel 'relative error' offset 1,0
set xrange [6:170]
set yrange [0.05:2]
set format y '%g'
plot folder.'/hessian.csv' using 1:2 skip 1 with linespoints lt 1 pt 6 ps 1.3 title 'measured', 1.4/sqrt(x) with lines lc rgb '#999999' dt 3 title '1.4/√|J|'
