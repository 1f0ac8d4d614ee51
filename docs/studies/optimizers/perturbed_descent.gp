set multiplot layout 1,3 margins 0.065,0.985,0.14,0.9 spacing 0.075
set title 'three runs, η = 0.05'
set xlabel 'step'
set ylabel 'x₁' offset 1,0
set yrange [-1.6:2.9]
set xrange [0:300]
plot for [i=2:4] csv using 1:i every 3 skip 1 with lines lt i-1 dt i-1 title 'run '.(i-1), \
     1 with lines lc rgb '#999999' dt 3 title 'minima', -1 with lines lc rgb '#999999' dt 3 notitle
set logscale xy
unset mytics
set xlabel 'rate η'
set xrange [0.02:0.25]
set xtics (0.025, 0.05, 0.1, 0.2)
set title 'time of 7/8 of the runs'
set ylabel 'steps' offset 1,0
set yrange [5:1e5]
set format y '10^{%L}'
plot folder.'/rates.csv' using 1:2 skip 1 with linespoints lt 1 pt 6 title 'measured', folder.'/rates.csv' using 1:3 skip 1 with lines lt 2 dt 2 title 'η^{-2} ln 1/ζ'
set title 'distance from the minimum'
set ylabel 'distance' offset 1,0
set yrange [0.05:3]
set format y '%g'
plot folder.'/rates.csv' using 1:4 skip 1 with linespoints lt 1 pt 6 title 'measured', folder.'/rates.csv' using 1:5 skip 1 with lines lt 2 dt 2 title '√(η ln(1/(ηζ)))'
