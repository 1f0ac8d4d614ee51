set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
of(l, c) = $1 == l ? column(c) : NaN
set ylabel 'minima n!ᵐ, at least (a power of 10)'
set format y '10^{%g}'
set yrange [0:130]
set key top left
set label 1 '9 layers of 10: 1.09·10⁵⁹' at 10.3,54
set title 'copies of a minimum'
set xlabel 'units n in each layer'
set xrange [2:16]
plot for [i=0:2] csv using (of(3**i, 2)):4 with linespoints lt 1+i dt 1+i pt 5+2*i ps 0.6 title sprintf('m = %d layers', 3**i), \
     csv using ($1 == 9 && $2 == 10 ? $2 : NaN):4 with points lt 6 pt 6 ps 1.6 notitle
unset label 1
set title '… and weights of the network'
set xlabel 'weights N = m n² + n q, q = 3'
set xrange [10:3000]
set logscale x
plot for [i=0:2] csv using (of(3**i, 3)):4 with linespoints lt 1+i dt 1+i pt 5+2*i ps 0.6 title sprintf('m = %d layers', 3**i), \
     csv using ($1 == 9 && $2 == 10 ? $3 : NaN):4 with points lt 6 pt 6 ps 1.6 notitle
