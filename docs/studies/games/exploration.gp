set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.11
set datafile missing NaN
label(i) = i == 1 ? 'independent noise' : i == 2 ? 'Ornstein-Uhlenbeck process' : 'noise on parameters'
array parts[3] = ['path_independent', 'path_process', 'path_parameters']
set title 'one episode each, deviation 0.5'
set xlabel 'step'
set ylabel 'position of the car'
set xrange [0:1000]
set yrange [-1.3:1.4]
set key top right
set arrow 1 from 0,0.45 to 1000,0.45 nohead dt 2 lc rgb '#666666'
set label 1 'goal' at 900,0.53
plot for [i=1:3] folder.'/'.parts[i].'.csv' using 1:2 with lines lt i dt i title label(i)
unset arrow
unset label
set title 'episodes that reach the goal'
set xlabel 'deviation of actions'
set ylabel 'share of episodes'
set xrange [0.2:1.05]
set yrange [-0.02:1.2]
set key top left
plot for [i=1:3] csv using ($1 == i - 1 ? $2 : NaN):3 with linespoints lt i dt i pt 3+2*i ps 0.8 title label(i)
