set title 'parts of a network whose weights are random and stay so'
set xlabel 'weights that are used, % of each layer'
set ylabel 'right new images, %'
set xrange [-2:102]
set yrange [0:100]
set key at graph 0.85, 0.55
rows(condition) = "< awk -F, '".condition."' '".csv."'"
plot rows('$1 > 0') using 1:4 smooth unique with lines lt 1 notitle, '' using 1:4 with points lt 1 title 'chosen by training scores', \
     rows('$1 > 0') using 1:3 smooth unique with lines lt 2 dt 2 notitle, '' using 1:3 with points lt 2 pt 5 title 'chosen at random', \
     rows('$1 == "0"') using (0):4:(102):(0) with vectors nohead lt 3 dt 3 title 'all weights, trained'
