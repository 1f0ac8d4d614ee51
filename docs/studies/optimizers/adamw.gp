set multiplot layout 1,2 margins 0.075,0.965,0.14,0.9 spacing 0.085
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
do for [k=1:2] {
    name = word('adam adamw', k)
    set title k == 1 ? 'Adam with the penalty ½λp²' : 'AdamW'
    set xlabel 'step'
    set ylabel 'weight' offset 1,0
    set xrange [0:2000]
    set yrange [0:1.6]
    plot exp(-3e-4*x) with lines lc rgb '#bbbbbb' lw 7 title 'e^{-ηλt}', \
         for [i=1:3] csv using 2:(of(name, i + 2)) with lines lt i dt i notitle, \
         for [i=1:3] csv using 2:(int($2/20) % 15 == 5*i - 3 ? of(name, i + 2) : NaN) with points lt i pt int(word('6 4 8', i)) ps 1.1 notitle, \
         for [i=1:3] keyentry with linespoints lt i dt i pt int(word('6 4 8', i)) ps 1.1 title 'gradients ±'.word('1 4 16', i)
}
