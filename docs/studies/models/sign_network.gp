set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
name(i) = word('sign straight-through tanh', i)
of(i, c) = stringcolumn(1) eq name(i) ? column(c) : NaN
set xlabel 'step'
set xrange [0:600]
set title 'loss on two spirals, 12 hidden units'
set ylabel 'loss' offset 1,0
set yrange [0:0.95]
set key top right
plot for [i=1:3] csv using (of(i, 2)):4 with lines lt i dt i title name(i)
set title 'distance of the hidden weights from their start'
set ylabel '‖W - W₀‖' offset 1,0
set yrange [-0.4:*]
set key top left
plot for [i=1:3] csv using (of(i, 2)):3 with lines lt i dt i title name(i)
