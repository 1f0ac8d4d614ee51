set multiplot layout 1,2 margins 0.085,0.97,0.16,0.9 spacing 0.11
names = '"gradient descent" momentum AdaGrad RMSProp Adam'
of(i, value) = stringcolumn(1) eq word(names, i) ? value : NaN
set xlabel 'step'
set xrange [0:1000]
set title 'training examples'
set ylabel 'mean squared error' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [1e-6:2]
set key top right
plot for [i=1:5] csv using (of(i, $2)):($3 > 1e-7 ? $3 : 1e-7) with linespoints lt i pi 8 pt real(word('7 5 9 13 4', i)) title word(names, i)
set title 'new examples'
set ylabel 'wrong, %'
unset logscale y
set format y '%g'
set yrange [-2:100]
plot for [i=1:5] csv using (of(i, $2)):4 with linespoints lt i pi 8 pt real(word('7 5 9 13 4', i)) title word(names, i)
unset multiplot
