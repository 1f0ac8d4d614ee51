# Taller than other pictures: 63 names.
set terminal svg size 900,600 font 'sans-serif,13' background '#ffffff' dashlength 0.6
set output folder.'/race_beale.svg'
set multiplot
set datafile missing NaN
set datafile columnheaders
set lmargin at screen 0.07
set rmargin at screen 0.4
set tmargin at screen 0.93
set bmargin at screen 0.11
f(x, y) = (1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2
paths = folder.'/paths.csv'
set title 'paths at the best rates'
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [-0.5:4]
set yrange [-2.6:1.8]
set isosamples 40
set contour base
set cntrparam levels discrete 0.05,0.5,2,8,32,128
unset surface
set table $contours
splot f(x, y)
unset table
set key bottom right samplen 2
shown(i) = word('sgd heavy_ball adagrad rmsprop adam', i)
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     for [i=1:5] paths using 2:(strcol(1) eq shown(i) ? $3 : NaN) with linespoints lt i dt int(word('1 2 1 3 4', i)) lw 1.6 pt int(word('7 5 4 8 2', i)) ps 0.8 pi int(word('9 9 6 7 9', i)) title shown(i) noenhanced, \
     '+' using (3):(0.5):(0) every 1000 with points lc rgb '#000000' pt 2 ps 1 lw 2 notitle
set title 'steps to the minimum'
set xlabel 'steps'
unset ylabel
unset key
set logscale x
set xrange [15:300000]
set xtics (20, 100, 500, 'never' 5000)
unset ytics
set border 1
set grid noy
do for [c=0:1] {
  set lmargin at screen 0.47 + 0.27*c
  set rmargin at screen 0.47 + 0.27*c + 0.25
  set yrange [33.2 + 32*c:0.2 + 32*c]
  half(x) = $1 > 32*c && $1 <= 32*c + 32 ? x : NaN
  set title (c == 0 ? 'steps to the minimum: the faster half' : 'the slower half')
  plot csv using (half($3 > 1e9 ? 5000 : $3)):1 with points lt 1 ps 0.5, \
       csv using (half($3 > 1e9 ? 5000 : $3)):1:2 with labels left offset 0.8,-0.05 font ',11' noenhanced
}
