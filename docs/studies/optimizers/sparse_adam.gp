set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
do for [k=3:4] {
    set title k == 3 ? 'row 0: looked up in step 1 alone' : 'row 7: looked up from step 2 on'
    set xlabel 'step'
    set ylabel 'weight' offset 1,0
    set xrange [0:60]
    set yrange [0:*]
    if (k == 3) { set key center right } else { set key bottom right }
    plot csv using 2:(of('sparse_adam', k)) with lines lt 1 lw 5 title 'SparseAdam', csv using 2:(of('adam', k)) with lines lc rgb '#222222' lw 2 dt 2 title 'Adam'
}
