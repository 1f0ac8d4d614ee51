set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
of(name, m) = stringcolumn(1) eq name && column(2) == m ? column(4) : NaN
set xlabel 'step'
set ylabel 'distance from the solution' offset 1,0
set xrange [0:200]
set logscale y
set format y '10^{%L}'
set key top left Left reverse
set title 'a game: min over x, max over y of xy'
set yrange [0.3:1e15]
plot for [i=1:4] csv using 3:(of('game', real(word('0 0.3 0.6 0.8', i)))) every 2 with lines lt i dt i title 'momentum '.word('0 0.3 0.6 0.8', i)
set title 'a bowl: ½(x₁² + 100 x₂²)'
set yrange [1e-10:1e3]
set key bottom left Left reverse
plot for [i=1:4] csv using 3:(of('bowl', real(word('0 0.3 0.6 0.8', i)))) every 2 with lines lt i dt i title 'momentum '.word('0 0.3 0.6 0.8', i)
