set datafile missing NaN
set logscale xy
set format y '10^{%L}'
set multiplot layout 1,2 margins 0.08,0.97,0.16,0.84 spacing 0.09
set label 1 'Operations of one step on least squares' at screen 0.5,0.95 center font ',15'
names = 'newton gradient_descent stochastic'
label(i) = word("Newton 'gradient descent' 'stochastic, batches of 8'", i)
of(i, c) = stringcolumn(1) eq word(names, i) ? column(c) : NaN
set title '512 examples'
set xlabel 'parameters n'
set xtics (4, 8, 16, 32, 64, 128, 256)
set xrange [4:256]
set yrange [1e1:1e10]
set key top left Left reverse samplen 2 spacing 1.1
plot for [i=1:3] csv using ($2 == 512 ? $3 : NaN):(of(i, 8)) smooth unique with linespoints lt i title label(i), \
     csv using ($2 == 512 ? $3 : NaN):(of(1, 6)) smooth unique with lines lt 1 dt 2 title 'Newton: the linear system'
unset label 1
set title '16 parameters'
set xlabel 'examples m'
set xtics (32, 64, 128, 256, 512, 1024)
set xrange [32:1024]
set yrange [1e2:1e7]
unset key
plot for [i=1:3] csv using ($3 == 16 ? $2 : NaN):(of(i, 8)) smooth unique with linespoints lt i
unset multiplot
