set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
names = 'constant validation objective'
titles = '"constant rate" "plateau of validation loss" "plateau of the objective"'
set xlabel 'epoch'
set logscale y
unset mytics
set format y '10^{%L}'
set xrange [0:100]
set title 'the objective'
set ylabel 'excess loss' offset 1,0
set yrange [1e-6:1e3]
plot for [i=1:3] csv using 2:(of(word(names, i), 3)) with lines lt i dt i title word(titles, i)
set title 'the rate'
set ylabel 'rate' offset 1,0
set yrange [1e-5:10]
plot for [i=1:3] csv using 2:(of(word(names, i), 5)) with steps lt i dt i title word(titles, i)
