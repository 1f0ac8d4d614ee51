of(name) = stringcolumn(1) eq name ? column(3) : NaN
set title 'f = x²/2 with noise in the gradient, from 20: mean square of 400 runs'
set xlabel 'step t'
set ylabel 'E x²'
set logscale xy
set format '10^{%L}'
set xrange [1:4000]
set yrange [1e-4:1e3]
names = 'constant half three_quarters one two'
titles = '"constant" "t^{-½}" "t^{-¾}" "t^{-1}" "t^{-2}"'
set key bottom left Left reverse
plot for [i=1:5] csv using 2:(of(word(names, i))) with lines lt i dt i title word(titles, i)
