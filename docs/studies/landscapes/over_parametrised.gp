set title 'gradient descent on ten points with random labels'
set xlabel 'step t'
set ylabel 'Rₜ / R₀' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [0:500]
set yrange [1e-16:30]
set key bottom left Left reverse samplen 3 opaque
set datafile missing NaN
plot 0.99**x with lines lc rgb '#000000' lw 4 title 'bound (1 - η)^t', \
     for [i=0:5] csv using ($1 == 4*4**i ? $2 : NaN):3 with linespoints lt i+1 dt int(word('1 2 3 4 5 1', i + 1)) pt int(word('6 4 8 10 12 2', i + 1)) ps 1 pi 6 title sprintf('width %d', 4*4**i)
