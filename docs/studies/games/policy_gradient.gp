set datafile missing NaN
set multiplot layout 1,4 margins 0.05,0.975,0.14,0.88 spacing 0.06
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set logscale xy; set format x '10^{%T}'; set format y '10^{%T}'
set title 'gradient: error by samples'
set key bottom left samplen 1.5
array critics[4] = ['linear', 'squares', 'without s2 a', 'quadratic']
set yrange [1e-3:10]; set xrange [500:100000]
plot for [i=1:4] csv using (of('critic '.critics[i], 2)):3 with linespoints lt i pt 7 ps .5 title critics[i]
set yrange [1e-9:1e3]; set xrange [20:10000]; set key bottom left
array methods[3] = ['deterministic', 'stochastic', 'with baseline']
do for [m in '10 25 50'] {
    set title m.' actions: cost by step'
    plot for [i=1:3] csv using (of(methods[i].' '.m, 2)):3 with lines lt i title (m eq '10' ? methods[i] : '')
}
unset multiplot
