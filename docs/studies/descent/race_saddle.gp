# Taller than other pictures: 63 names.
set terminal svg size 900,600 font 'sans-serif,13' background '#ffffff' dashlength 0.6
set output folder.'/race_saddle.svg'
set multiplot
set datafile missing NaN
set datafile columnheaders
set lmargin at screen 0.07
set rmargin at screen 0.4
set tmargin at screen 0.93
set bmargin at screen 0.11
f(x, y) = y**4 - x**4
paths = folder.'/paths.csv'
set title 'paths from (0.01, 1)'
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [-0.6:1.2]
set yrange [-0.9:1.2]
set isosamples 30
set contour base
set cntrparam levels discrete -0.8,-0.4,-0.1,-0.02,0.02,0.1,0.4,0.8
unset surface
set table $contours
splot f(x, y)
unset table
set key bottom right samplen 2
shown(i) = word('sgd heavy_ball adagrad rmsprop adam', i)
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     for [i=1:5] paths using 2:(strcol(1) eq shown(i) ? $3 : NaN) with linespoints lt i dt int(word('1 2 1 3 4', i)) lw 1.6 pt int(word('7 5 4 8 2', i)) ps 0.8 pi int(word('9 9 6 7 9', i)) title shown(i) noenhanced
set xlabel 'steps'
unset ylabel
unset key
set logscale x
set xrange [10:4000000]
set xtics (20, 200, 'never' 6000)
unset ytics
set border 1
kind(i) = word('per-weight linear other draws', i)
of(i) = strcol(5)[1:3] eq kind(i)[1:3]
set grid noy
do for [c=0:1] {
  set lmargin at screen 0.47 + 0.27*c
  set rmargin at screen 0.47 + 0.27*c + 0.25
  set yrange [33.2 + 32*c:0.2 + 32*c]
  half(x) = $1 > 32*c && $1 <= 32*c + 32 ? x : NaN
  set title (c == 0 ? 'steps to leave: the faster half' : 'the slower half')
  if (c == 0) { set key bottom right samplen 1 } else { unset key }
  plot for [i=1:4] csv using ($3 > 1e9 ? 6000 : $3):(of(i) ? half($1) : NaN) with points lc rgb word('#4477aa #ee6677 #228833 #bb8800', i) \
       pt int(word('7 5 9 6', i)) ps 0.6 notitle, \
       for [i=1:4] keyentry with points lc rgb word('#4477aa #ee6677 #228833 #bb8800', i) pt int(word('7 5 9 6', i)) ps 0.6 title kind(i), \
       csv using (half($3 > 1e9 ? 6000 : $3)):1:2 with labels left offset 0.8,-0.05 font ',11' noenhanced notitle
}
