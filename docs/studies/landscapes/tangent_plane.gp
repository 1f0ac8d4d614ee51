set multiplot
set title offset 0,-0.5
set border 4095 lw 0.5
set isosamples 8
set samples 8
set xrange [-1:1]
set yrange [-1:1]
set xtics 1 offset -0.5,-0.3
set ytics 1 offset 0.5,-0.3
set ztics 1
set xlabel 'x' offset 0,0.3
set ylabel 'y' offset -0.5,-0.5
set view 60,25
unset key
unset grid
set xyplane 0
array A[3]; array B[3]; array F[3]; array U[3]; array V[3]
do for [i=1:3] {
    do for [c=2:6] {
        stats csv using c every ::i::i nooutput
        if (c == 2) { A[i] = STATS_mean }
        if (c == 3) { B[i] = STATS_mean }
        if (c == 4) { F[i] = STATS_mean }
        if (c == 5) { U[i] = STATS_mean }
        if (c == 6) { V[i] = STATS_mean }
    }
}
do for [i=1:3] {
    set origin (i-1)*0.235-0.01, 0
    set size 0.27, 0.97
    set title word("'minimum: x² + y²' 'maximum: -x² - y²' 'saddle: x² - y²'", i)
    set zrange [word('-1 -2 -1', i)+0.0 : word('2 1 1', i)+0.0]
    set parametric
    set urange [-1:1]
    set vrange [-1:1]
    g(u, v) = F[i] + U[i]*(u - 0.5) + V[i]*(v - 0.5)
    splot u, v, A[i]*u*u + B[i]*v*v with lines lt 1 lw 0.7, \
          0.5 + 0.5*u, 0.5 + 0.5*v, g(0.5 + 0.5*u, 0.5 + 0.5*v) with lines lt 2 lw 0.8
    unset parametric
}
set origin 0.71, 0
set size 0.29, 1
set bmargin at screen 0.16
set tmargin at screen 0.86
set lmargin at screen 0.79
set rmargin at screen 0.985
set border 3 lw 1
set grid
set title 'x³ - 3xy² at (1, 1)' offset 0,0
set xlabel 'distance' offset 0,0
set ylabel 'error' offset 0,0
set logscale xy
set format '10^{%L}'
set xrange [2e-3:0.2]
set yrange [*:*]
set xtics 10 offset 0,0
set ytics auto offset 0,0
set key bottom right samplen 1.5
plot folder.'/errors.csv' using 1:2 with linespoints lt 2 dt 2 pt 5 ps 0.7 title 'plane', '' using 1:3 with linespoints lt 3 pt 9 ps 0.9 title 'model'
unset multiplot
