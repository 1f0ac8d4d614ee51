set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.11
set title 'the best plan: line widths are shares'
set xlabel 'first coordinate'
set ylabel 'second coordinate'
set xrange [-1.1:1.1]
set yrange [-1.1:1.35]
set key top center horizontal
width(share) = share < 1e-9 ? 0 : share < 0.05 ? 1 : share < 0.1 ? 2 : share < 0.2 ? 4 : 7
plot for [w in '1 2 4 7'] csv using (width($7) == w ? $3 : NaN):4:($5 - $3):($6 - $4) with vectors nohead lt 6 lw w + 0 notitle, \
     csv using ($2 == 0 ? $3 : NaN):4:(6*sqrt($8)) with points lt 1 pt 7 ps variable title 'x, weights a', \
     csv using ($1 == 0 ? $5 : NaN):6:(6*sqrt($9)) with points lt 2 pt 5 ps variable title 'y, weights b'
set title 'the dual: no function of slope 1 is above W'
set xlabel 'random function φ'
set ylabel '|E_xφ - E_yφ|'
set xrange [0:150]
set yrange [0:1.05]
plot folder.'/functions.csv' using 1:2 with points lt 1 pt 7 ps 0.3 title 'random φ', \
     folder.'/functions.csv' using 1:3 with lines lt 2 title 'W, and the φ of the prices'
