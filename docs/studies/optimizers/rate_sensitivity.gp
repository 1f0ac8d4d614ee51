set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name, scale) = stringcolumn(1) eq name && column(2) == scale ? column(3) : NaN
set logscale xy
unset mytics
set format '10^{%L}'
set xlabel 'rate'
set ylabel 'excess loss after 150 steps' offset 1,0
set xrange [1e-4:1e4]
set yrange [1e-10:1e4]
do for [k=1:2] {
    name = word("sgd adam", k)
    set title k == 1 ? 'SGD' : 'Adam'
    plot for [s=1:3] csv using (of(name, real(word('0.01 1 100', s)))):4 with lines lt s dt int(word('1 1 2', s)) lw int(word('8 4 2', s)) title 'loss × '.word('0.01 1 100', s)
}
