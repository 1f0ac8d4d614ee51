set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
array p[5]
do for [i=1:5] {
    stats folder.'/posterior.csv' using i skip 1 nooutput
    p[i] = STATS_min
}
ma = p[1]; mb = p[2]; va = p[3]; vb = p[4]; cab = p[5]
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set parametric
unset grid
set trange [0:2*pi]
set samples 60
l = sqrt(vb - cab**2/va)
set xlabel 'intercept a'
set ylabel 'slope b' offset 1,0
set xrange [ma - 4.5*sqrt(va):ma + 4.5*sqrt(va)]
set yrange [mb - 4.5*sqrt(vb):mb + 5.5*sqrt(vb)]
do for [k=1:2] {
    set title k == 1 ? 'gradients of all 50 examples' : 'gradients of batches of 10'
    plot csv using (of(word('full batch', k), 2)):3 with points lt k pt 7 ps 0.3 title 'chains', \
         for [s=1:2] ma + s*sqrt(va)*cos(t), mb + s*(cab/sqrt(va)*cos(t) + l*sin(t)) with lines lc rgb '#222222' dt s lw 1.5 title s == 1 ? 'posterior, 1 sd' : '2 sd'
}
