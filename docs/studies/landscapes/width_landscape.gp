set multiplot layout 1,2 margins 0.08,0.985,0.15,0.9 spacing 0.09
set xlabel 'position between the start, 0, and the minimum found, 1'
set ylabel 'loss' offset 1,0
set xrange [0:1.25]
set yrange [0:2]
set arrow from 1,0 to 1,2 nohead lc rgb '#666666' dt 2
unset key
do for [m in '3 100'] {
    set title sprintf('%s units, %d parameters, ten starts', m, 3*m + 1)
    plot for [s=0:9] csv using ($1 == m && $2 == s ? $3 : NaN):4 with lines lt (m == 3 ? 2 : 1) lw 1.2 dt 1 + s % 4
}
unset multiplot
