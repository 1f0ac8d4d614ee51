set datafile missing NaN
set logscale xy
unset mxtics
unset mytics
set format y '10^{%L}'
set multiplot layout 1,2 margins 0.08,0.97,0.16,0.8 spacing 0.1
set label 1 'Operations of one step of gradient descent on least squares' at screen 0.5,0.95 center font ',15'
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title '512 examples'
set xlabel 'parameters n'
set ylabel 'operations'
set xtics (4, 8, 16, 32, 64, 128, 256, 512)
set xrange [4:512]
set yrange [1:1e9]
set ytics 1,100
set key top left Left reverse samplen 2 spacing 1.1
plot csv using ($2 == 512 ? $3 : NaN):(of('all', 4)) smooth unique with linespoints lt 1 title 'gradient of all examples', \
     csv using ($2 == 512 ? $3 : NaN):(of('batch', 4)) smooth unique with linespoints lt 2 dt 2 pt 5 title 'gradient of a batch of 8', \
     csv using ($2 == 512 ? $3 : NaN):(of('all', 5)) smooth unique with linespoints lt 3 dt 3 pt 9 title 'update of the parameters'
unset label 1
set title '16 parameters'
set xlabel 'examples m'
set xtics (32, 128, 512, 2048)
set xrange [32:4096]
unset key
plot csv using ($3 == 16 ? $2 : NaN):(of('all', 4)) smooth unique with linespoints lt 1, \
     csv using ($3 == 16 ? $2 : NaN):(of('batch', 4)) smooth unique with linespoints lt 2 dt 2 pt 5, \
     csv using ($3 == 16 ? $2 : NaN):(of('all', 5)) smooth unique with linespoints lt 3 dt 3 pt 9
unset multiplot
