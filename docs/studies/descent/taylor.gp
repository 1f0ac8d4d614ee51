set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
set samples 50
dash(d) = (d - 1) / 2 % 3 + 1
set title 'sin and its Taylor polynomials'
set xlabel 'x'
set ylabel 'p(x)' offset 1,0
set xrange [0:7]
set yrange [-2:3.6]
set key top left maxrows 3 samplen 2 Left reverse width -1
colour(d) = word('#4477aa #ee6677 #228833 #aa3377 #bb8800 #555555 #66ccee', (d + 1) / 2)
plot for [d=1:13:2] csv using 2:($1 == d && int($2*10 + 0.5) % 2 == 0 && $3 < 2 ? $3 : NaN) with lines lw 1.5 lc rgb colour(d) dt dash(d) title sprintf('degree %d', d), \
     sin(x) with lines lc rgb '#000000' lw 2.5 title 'sin x'
set title 'their errors, and the next terms'
set ylabel '|p(x) - sin x|'
set logscale xy
set xrange [0.2:7]
set yrange [1e-12:1e7]
set format y '10^{%L}'
set key top left maxrows auto width 0
plot for [d=1:13:2] csv using 2:($1 == d && int($2*10 + 0.5) % 2 == 0 ? $4 : NaN) with lines lw 1.5 lc rgb colour(d) dt dash(d) notitle, \
     for [d=1:13:4] csv using 2:($1 == d && int($2*10 + 0.5) % 6 == 1 ? $5 : NaN) with points lc rgb colour(d) pt 6 ps 0.6 \
         title sprintf('x^{%d}/%d!, above degree %d', d + 2, d + 2, d)
