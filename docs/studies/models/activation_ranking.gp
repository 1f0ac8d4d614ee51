set multiplot layout 1,2 margins 0.075,0.985,0.2,0.9 spacing 0.09
of(k, c) = $1 == k ? column(c) : NaN
name(k) = word('ReLU leaky_ReLU ELU tanh abs identity sigmoid sign', k + 1)
shown(k) = name(k) eq 'leaky_ReLU' ? 'leaky' : name(k)
set title 'test accuracy on digits by depth'
set xlabel 'hidden layers of 32 units'
set ylabel 'right in %' offset 1,0
set xrange [0:19]
set xtics (1, 3, 6, 12)
set yrange [0:100]
set key center right
plot for [k=0:7] csv using (of(k, 3)):5 with linespoints lt k%6+1 pt k+4 ps 0.9 title shown(k)
set title 'six hidden layers, five seeds ± sd'
set xlabel ' '
set xrange [-0.6:7.6]
set xtics ('ReLU' 0, 'leaky' 1, 'ELU' 2, 'tanh' 3, 'abs' 4, 'identity' 5, 'sigmoid' 6, 'sign' 7) rotate by -35
set style fill solid 0.5
set boxwidth 0.6
set key off
plot csv using ($3 == 6 ? $1 : NaN):5:6 with boxerrorbars lt 1
