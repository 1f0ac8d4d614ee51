set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set datafile missing NaN
of(rate, online) = $1 == rate && $2 == online
set title 'weights, epoch by epoch, over contours of E'
set xlabel 'w_1'
set ylabel 'w_2' offset 1,0
set xrange [-1.5:2]
set yrange [-1.4:1.7]
set contour base
set cntrparam levels discrete 1,2,4,6,9,12,15
unset surface
set table $contours
set datafile columnheaders
splot folder.'/surface.csv' using 1:2:3
unset table
unset datafile columnheaders
set key top right samplen 2
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     csv using 4:(of(0.1, 0) ? $5 : NaN) with linespoints lt 1 pt 6 ps 0.7 title 'batch rule, γ = 0.1', \
     csv using 4:(of(0.1, 1) ? $5 : NaN) with linespoints lt 2 pt 8 ps 0.7 dt 2 title 'online rule, γ = 0.1', \
     csv using 4:(of(0.01, 0) && int($3) % 10 == 0 ? $5 : NaN) with lines lt 3 title 'both rules, γ = 0.01', \
     csv using 4:(of(0.01, 1) && int($3) % 10 == 0 ? $5 : NaN) with lines lt 3 dt 2 notitle
set title 'difference of the rules after one epoch'
set xlabel 'rate γ'
set ylabel 'distance of the weights'
set logscale xy
set xrange [5e-5:0.02]
set yrange [*:*]
set format '10^{%L}'
set key bottom right
part = folder.'/rates.csv'
stats part using (log($2) - 2*log($1)) every ::1 name 'A' nooutput
plot part using 1:3 with linespoints lt 6 lw 1 pt 4 ps 0.7 title 'how far the batch rule moved', \
     part using 1:2 with points lt 1 ps 0.9 title 'batch rule - online rule', exp(A_mean)*x**2 with lines lt 1 lw 1 dt 2 title 'γ^2'
