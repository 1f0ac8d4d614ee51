set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
minimum = folder.'/minimum.csv'
of(e, c) = $1 == e ? column(c) : NaN
set title "gap between the label's score and the others"
set xlabel 'step of gradient descent'
set ylabel 'gap of scores' offset 1,0
set xrange [0:400]
set yrange [0:11]
set key top left
plot for [i=1:4] csv using (of(word('0 0.01 0.03 0.06', i), 2)):3 with lines lt i dt i title 'ε = '.word('0 0.01 0.03 0.06', i)
set title 'at the minimum'
set xlabel 'ε'
set ylabel 'gap of scores' offset 1,0
set logscale x
set xrange [0.0007:0.1]
set samples 40
set key top right
plot minimum using 1:2 with points lt 1 pt 7 ps 1.1 title 'measured', \
     log((1 - 9*x)/x) with lines lt 6 title 'ln((1 - 9ε)/ε)'
