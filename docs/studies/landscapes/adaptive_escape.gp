set title 'distance from the saddle along the direction down: median and 10 to 90 % of 100 runs'
set xlabel 'step'
set ylabel '|x₂|' offset 1,0
set logscale xy
set format '10^{%L}'
set xrange [1:4000]
set yrange [1e-5:3]
set key at graph 0.98,0.25 right samplen 2
set datafile missing NaN
set style fill transparent solid 0.2 noborder
of(name) = stringcolumn(1) eq name ? $2 : NaN
plot csv using (of('rmsprop')):3:5 with filledcurves lt 2 notitle, csv using (of('sgd')):3:5 with filledcurves lt 1 notitle, \
     csv using (of('rmsprop')):4 with lines lt 2 dt 2 title 'RMSProp', csv using (of('sgd')):4 with lines lt 1 title 'SGD', \
     0.3 with lines lt 6 lw 1 dt 3 title 'has left'
