set multiplot layout 1,3 margins 0.09,0.965,0.16,0.88 spacing 0.1
set logscale xy
set format y '10^{%T}'
set xlabel 'step'
set xrange [20:10000]
set xtics (100, 1000, 10000)
set yrange [1e-19:1e4]
array methods[3] = ['deterministic', 'stochastic', 'stochastic, baseline']
set key bottom left samplen 2
do for [m in '10 25 50'] {
    set title m.' actions'
    set ylabel 'cost of the mean action' offset 1,0
    plot for [i=1:3] csv using ($1 == i - 1 && $2 == m + 0 ? $3 : NaN):4 with lines lt i dt i title (m eq '50' ? methods[i] : '')
}
