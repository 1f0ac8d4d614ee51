set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.11
names = "simultaneous alternating extragradient optimistic"
of(name, c) = stringcolumn(1) eq name && $2 == 0.1 && int($3) % 2 == 0 ? column(c) : NaN
set datafile missing NaN
colour(i) = word('#4477aa #ee6677 #99d0a4 #aa3377', i) # extragradient is wide and pale: optimistic lies on it
set title 'min over x, max over y of xy: steps of 0.1 from (1, 1)'
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [-2.4:2.4]
set yrange [-2.4:2.4]
set size ratio 1
set key bottom right samplen 2
plot for [i=1:4] csv using (of(word(names, i), 4)):5 with lines lc rgb colour(i) lw (i == 3 ? 6 : 2) dt int(word('1 2 1 4', i)) notitle, '+' using (0):(0) with points lt 6 pt 7 title 'solution'
set size noratio
set title 'distance from the solution'
set xlabel 'step'
set ylabel '|z|'
set xrange [0:100]
set yrange [0.7:4]
set logscale y
set ytics (0.8, 1, 1.5, 2, 3, 4)
set key top left
plot for [i=1:4] csv using (of(word(names, i), 3)):6 with lines lc rgb colour(i) lw (i == 3 ? 6 : 2) dt int(word('1 2 1 4', i)) title word(names, i)
