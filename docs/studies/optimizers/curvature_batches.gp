of(name) = stringcolumn(1) eq name ? column(3) : NaN
set title 'least squares, condition number 1000'
set xlabel 'examples looked at, in epochs'
set ylabel 'excess loss'
set logscale y
set format y '10^{%L}'
set xrange [0:30]
set yrange [1e-9:100]
names = 'sgd_0.8 sgd_2 sqn_0.3 subsampled_newton_1 trust_region_1'
titles = '"SGD, rate 0.8" "SGD, rate 2" "SQN, rate 0.3" "sub-sampled Newton" "stochastic trust region"'
set key bottom left Left reverse
plot for [i=1:5] csv using 2:(of(word(names, i))) with lines lt i dt i title word(titles, i)
