set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name, rate, c) = stringcolumn(1) eq name && abs(column(2)/rate - 1) < 0.01 ? column(c) : NaN
set title 'at the ends of epochs, rate 0.004'
set xlabel 'epoch'
set ylabel '‖w - w*‖²' offset 1,0
set xrange [0:60]
set yrange [1e-8:10]
set logscale y
set format y '10^{%L}'
plot csv using 3:(of('replacement', 0.004, 4)) with lines lt 1 title 'with replacement', \
     csv using 3:(of('shuffled', 0.004, 4)) with lines lt 2 dt 2 title 'shuffled epochs'
set title 'mean over the later epochs'
set xlabel 'rate η'
set logscale x
set xrange [8e-4:0.02]
set xtics (0.001, 0.002, 0.004, 0.008, 0.016)
set key top left Left reverse
plot folder.'/rates.csv' using 1:2 skip 1 with linespoints lt 1 pt 6 ps 1.2 title 'with replacement', \
     folder.'/rates.csv' using 1:3 skip 1 with linespoints lt 2 pt 4 ps 1.2 dt 2 title 'shuffled epochs', \
     20*x with lines lc rgb '#999999' dt 3 title 'slope 1', 200*x**3 with lines lc rgb '#999999' dt 4 title 'slope 3'
