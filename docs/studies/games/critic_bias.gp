set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
array critics[4] = ['all products', 'without s₂a', 'squares alone', 'linear']
set datafile missing NaN
set logscale xy
set xlabel 'samples'
set xrange [600:70000]
set yrange [1e-3:20]
set format y '10^{%T}'
set key bottom left Left reverse samplen 3
set title 'error of the gradient, share of its size'
set ylabel 'error'
plot for [i=1:4] csv using (of(critics[i], 2)):3 with linespoints lt i dt i pt 3+2*i ps 0.8 title critics[i], \
     6/sqrt(x) with lines lt 6 dt 2 lw 1 title '∝ n^{-1/2}'
set title 'bias: the error of the mean of 40 runs (lines as at left)'
set ylabel 'bias'
unset key
plot for [i=1:4] csv using (of(critics[i], 2)):4 with linespoints lt i dt i pt 3+2*i ps 0.8
