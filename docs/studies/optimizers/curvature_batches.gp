of(name) = stringcolumn(1) eq name ? column(3) : NaN
set title 'logistic regression, condition number 1000'
set xlabel 'examples looked at, in epochs'
set ylabel 'excess loss'
set logscale y
set format y '10^{%L}'
set xrange [0:30]
set yrange [1e-9:1]
names = 'sgd_0.5 sgd_1.5 sgd_5 sqn_0.3 subsampled_newton_1 trust_region_1'
titles = '"SGD, rate 0.5" "SGD, rate 1.5" "SGD, rate 5" "SQN, rate 0.3" "sub-sampled Newton" "stochastic trust region"'
set key bottom left Left reverse
plot for [i=1:6] csv using 2:(of(word(names, i))) with lines lt i dt i title word(titles, i)
