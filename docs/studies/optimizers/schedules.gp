set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name) = stringcolumn(1) eq name ? column(3) : NaN
names = 'inverse_time exponential by_5 by_10 warmup_cosine product'
titles = '"1/(1 + βk)" "e^{-βk}" "÷5 every 10 epochs" "÷10 every 10 epochs" "cosine after a warm-up" "÷5 every 10, times e^{-βk}"'
set xlabel 'epoch k'
set ylabel 'factor of the rate' offset 1,0
set xrange [0:50]
set title 'in a line'
set yrange [0:1.5]
plot for [i in '1 2 5'] csv using 2:(of(word(names, int(i)))) with lines lt int(i) dt int(i) title word(titles, int(i)), \
     csv using 2:(of('by_5')) with steps lt 3 title 'divided by 5 every 10 epochs'
set title 'in logarithms'
set logscale y
unset mytics
set format y '10^{%L}'
set yrange [1e-6:1e5]
plot for [i in '1 2 5'] csv using 2:(of(word(names, int(i)))) with lines lt int(i) dt int(i) title word(titles, int(i)), \
     for [i in '3 4 6'] csv using 2:(of(word(names, int(i)))) with steps lt int(i) dt int(i) title word(titles, int(i))
