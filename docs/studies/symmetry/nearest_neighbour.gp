set title 'label x₁x₂ > 0, and d - 2 inputs that do not matter; 1000 examples'
set xlabel 'inputs d'
set ylabel 'error on new points'
set logscale x
set xrange [1.8:22]
set xtics (2, 3, 5, 10, 20)
set yrange [0:0.6]
set key top left
set arrow 1 from 1.8,0.5 to 22,0.5 nohead dt 3 lc rgb '#555555'
plot csv using 1:3 with points lt 2 pt 4 ps 0.8 notitle, csv using 1:3 smooth unique with lines lt 2 dt 2 title 'nearest neighbour', \
     csv using 1:4 with points lt 1 pt 7 ps 0.6 notitle, csv using 1:4 smooth unique with lines lt 1 title 'network of 16 relu units'
