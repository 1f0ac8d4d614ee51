set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name, k) = stringcolumn(1) eq name && column(2) == k ? column(4) : NaN
set xlabel 'epoch'
set ylabel 'excess loss' offset 1,0
set logscale y
unset mytics
set format y '10^{%L}'
set xrange [1:12]
set yrange [1e-3:100]
do for [m=1:2] {
    set title m == 1 ? 'the rate × k' : 'the same rate'
    plot for [i=1:4] csv using 3:(of(word('scaled same', m), int(word('1 4 16 32', i)))) with linespoints lt i pt 2*i ps 0.9 dt i title 'batches of 4 × '.word('1 4 16 32', i)
}
