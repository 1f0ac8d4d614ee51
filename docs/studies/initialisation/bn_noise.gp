set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
set mytics 1
set xlabel 'step'
array N[3] = ['batch norm', 'plain', 'batch norm and noise']
set linetype 1 lw 3
set linetype 2 dt (6,2)
set linetype 3 dt (2,2) lw 3
is(i, x) = strcol(1) eq N[i] ? x : NaN
set title 'shift of the units'' means in a step'
set ylabel 'standard deviations' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [1e-6:100]
set key top right
plot for [i=1:3] csv using (is(i, $2)):3 smooth unique with lines lt i title N[i]
set title 'test accuracy, mean of the seeds'
set ylabel 'accuracy'
unset logscale
set format y '%g'
set yrange [0.5:1]
set key bottom right
plot for [i=1:3] csv using (is(i, $2)):4 smooth unique with lines lt i title N[i]
