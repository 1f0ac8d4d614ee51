set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set title "a network's loss along -g, and its models"
set xlabel 'rate of the step along -g'
set ylabel 'loss' offset 1,0
set key top left Left reverse
part = folder.'/gradient.csv'
stats part using 2 every ::1 nooutput
best = STATS_mean
stats part using 3 every ::1 nooutput
set yrange [STATS_min - 0.5*(STATS_max - STATS_min):STATS_max + 0.4*(STATS_max - STATS_min)]
set arrow from best, graph 0 to best, graph 1 nohead lc rgb '#999999' dt 2
set label 'g^Tg/g^THg' at best + 0.05, graph 0.6 textcolor rgb '#444444'
plot part using 1:3 with lines lt 1 title 'loss L(θ - t g)', part using 1:4 with lines lt 3 lw 1.5 dt 3 title 'linear model', \
     part using 1:5 with lines lt 2 dt 2 title 'quadratic model'
unset arrow
unset label
set title 'errors of both models, mean of 10 directions'
set xlabel 'distance, relative to θ'
set ylabel 'error'
set logscale xy
set xrange [3e-4:0.15]
set yrange [*:*]
set format '10^{%L}'
set key top left
stats csv using (log($2) - 2*log($1)) every ::1 name 'A' nooutput
stats csv using (log($3) - 3*log($1)) every ::1 name 'B' nooutput
plot csv using 1:2 with points lt 3 pt 5 ps 0.8 title 'linear', exp(A_mean)*x**2 with lines lt 3 lw 1 dt 3 title 'distance^2', \
     csv using 1:3 with points lt 2 ps 0.8 title 'quadratic', exp(B_mean)*x**3 with lines lt 2 lw 1 dt 2 title 'distance^3'
