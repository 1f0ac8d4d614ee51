set datafile missing NaN
set multiplot layout 1,2 margins 0.07,0.98,0.14,0.9 spacing 0.1
kinds = "independent process parameters"
label(i) = i == 1 ? 'independent noise' : i == 2 ? 'Ornstein-Uhlenbeck' : 'noise on parameters'
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title 'position of the car in one episode, deviation 0.5'
set xlabel 'step'; set yrange [-1.3:1.1]; set key top right
set arrow from 0,0.45 to 999,0.45 nohead dt 2 lc '#666666'
plot for [i=1:3] csv using (of(word(kinds, i).' path', 2)):3 with lines lt i title label(i)
unset arrow
set title 'episodes that reach the goal, of a policy that does nothing'
set xlabel 'deviation of actions'; set yrange [-0.02:1.02]; set key top left
plot for [i=1:3] csv using (of(word(kinds, i), 2)):3 with linespoints lt i title label(i)
unset multiplot
