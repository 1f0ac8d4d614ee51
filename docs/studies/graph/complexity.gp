set datafile missing NaN
set logscale xy
unset mxtics
unset mytics
set format y '10^{%L}'
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.8 spacing 0.09
set label 1 'Operations of one gradient: counted (dots), closed form (lines)' at screen 0.5,0.95 center font ',15'
names = 'paths differences forward_mode separate backprop'
label(i) = word("'sum over paths' 'finite differences' 'forward mode' 'chain rule per parameter' 'backprop'", i)
of(i, c) = stringcolumn(1) eq word(names, i) ? column(c) : NaN
set title 'by layers k, H = 4'
set xlabel 'layers k'
set ylabel 'operations'
set xtics (1, 2, 4, 8, 16, 32, 64)
set xrange [1:64]
set yrange [1e2:1e10]
set ytics 1e2,100
unset key
plot for [i=1:5] csv using ($3 == 4 ? $2 : NaN):(of(i, 5)) with lines lt i dt i, \
     for [i=1:5] csv using ($3 == 4 && ($2 <= 8 || int($2) % 8 == 0) && $4 > 0 ? $2 : NaN):(of(i, 4)) with points lt i pt 2*i+3
unset label 1
unset ylabel
set title 'by neurons H of a layer, k = 4'
set xlabel 'neurons H of a layer'
set xtics (4, 8, 16, 32, 64, 128, 256)
set xrange [4:256]
set yrange [1e2:1e16]
set key top left Left reverse samplen 3 spacing 1.1
plot for [i=1:5] csv using ($2 == 4 ? $3 : NaN):(of(i, 5)) with lines lt i dt i title label(i), \
     for [i=1:5] csv using ($2 == 4 && ($3 <= 32 || int($3) % 32 == 0) && $4 > 0 ? $3 : NaN):(of(i, 4)) with points lt i pt 2*i+3 notitle
unset multiplot
