set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
do for [k=1:2] {
    name = word('adam adamw', k)
    set title k == 1 ? 'Adam with the penalty ½λp²' : 'AdamW'
    set xlabel 'step'
    set ylabel 'weight' offset 1,0
    set xrange [0:2000]
    set yrange [0:1.3]
    plot for [i=1:3] csv using 2:(of(name, i + 2)) with lines lt i dt i title 'gradients ±'.word('1 4 16', i), \
         exp(-3e-4*x) with lines lc rgb '#999999' dt 3 title 'e^{-ηλt}'
}
