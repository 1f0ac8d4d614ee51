set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
stats csv using 2 every ::1::1 name 'S' nooutput
of(size) = $1 == 0.05 && $2 == S_min && $3 == size
set title 'one problem, γ = 0.05: loss and test error'
set xlabel 'step'
set ylabel 'loss on the examples, and test error' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [1e-5:1e3]
set xrange [0:*]
set key top right maxrows 4
plot csv using 4:(of(40) ? $6 : NaN) with lines lt 1 title 'gradient descent: test error', \
     csv using 4:(of(40) ? $5 : NaN) with lines lt 1 lw 1 dt 3 title 'loss', \
     csv using 4:(of(1) ? $6 : NaN) with lines lt 2 dt 2 title 'SGD: test error', \
     csv using 4:(of(1) ? $5 : NaN) with lines lt 2 lw 1 dt 4 title 'loss'
set title 'test error at the end, 10 problems'
set xlabel 'rate γ'
set ylabel '‖w - w^*‖^2, mean ± sd'
unset logscale
set format y '%g'
set xrange [0:0.06]
set yrange [-0.1:1.8]
part = folder.'/errors.csv'
plot part using 1:2:3 with yerrorbars lt 1 ps 0.9 title 'gradient descent', \
     part using ($1 + 0.0006):4:5 with yerrorbars lt 2 pt 9 ps 0.9 title 'SGD, batches of 1'
