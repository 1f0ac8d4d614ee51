of(name) = stringcolumn(1) eq name ? column(3) : NaN
set title 'a network of 8-16-8 units unmixes 8 numbers, the best rates'
set xlabel 'step'
set ylabel 'loss'
set logscale y
set format y '10^{%L}'
set xrange [0:100]
set yrange [1e-3:100]
names = 'sgd adam shampoo kfac'
titles = '"SGD with momentum 0.9" "Adam" "Shampoo, steps as long as Adam''s" "K-FAC"'
plot for [i=1:4] csv using 2:(of(word(names, i))) with lines lt i dt i title word(titles, i)
