set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
set title 'distance from the weights, by rate'
set xlabel 'rate'
set ylabel '‖w - w*‖'
set logscale xy
set xrange [0.025:2.5]
set yrange [0.05:10]
plot csv using (stringcolumn(1) eq 'sgd' ? $2 : NaN):3 with linespoints lt 1 pt 6 title 'SGD', \
     csv using (stringcolumn(1) eq 'adagrad' ? $2 : NaN):3 with linespoints lt 2 pt 4 dt 2 title 'AdaGrad'
set title 'error of each weight, at the best rate'
set xlabel 'probability of the feature'
set ylabel '|w - w*|'
unset logscale x
set xrange [-0.5:7.5]
set yrange [1e-4:10]
set format y '10^{%L}'
set xtics ('1' 0, '1/2' 1, '1/4' 2, '1/8' 3, '1/16' 4, '1/32' 5, '1/64' 6, '1/128' 7)
set key top left Left reverse
plot folder.'/weights.csv' using 1:2 skip 1 with linespoints lt 1 pt 6 title 'SGD', \
     folder.'/weights.csv' using 1:3 skip 1 with linespoints lt 2 pt 4 dt 2 title 'AdaGrad'
