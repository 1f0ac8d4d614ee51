set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.09
curves = folder.'/curves.csv'
points = folder.'/points.csv'
set datafile missing NaN
set mytics 1
set mxtics 1
array S[3] = [1e-6, 0.1, 100]
set linetype 2 dt solid lw 3
set linetype 3 dt (8,3)
set title 'polynomials of degree 11 through 15 points, Σl + λ|w|²'
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [-1:1]
set yrange [-2.2:2.2]
set key top left
plot sin(pi*x) with lines lt 6 lw 1 dt (2,2) title 'sine', \
     curves using ($1 == S[1] ? $2 : NaN):3 with lines lt 1 title 'λ = 10^{-6}', \
     curves using ($1 == S[2] ? $2 : NaN):3 with lines lt 2 title 'λ = 0.1', \
     curves using ($1 == S[3] ? $2 : NaN):3 with lines lt 3 title 'λ = 100', \
     points using 1:2 with points lc rgb '#222222' pt 7 ps 0.6 title 'data'
set title 'errors and size of the weights'
set xlabel 'λ'
set ylabel 'mean square, |w|'
set logscale xy
set format xy '10^{%L}'
set xrange [1e-6:1e3]
set yrange [0.003:10]
set key bottom left
plot csv using 1:2 with lines lt 1 dt (3,2) title 'error on the data', \
     csv using 1:3 with lines lt 2 title 'error on the sine', \
     csv using 1:4 with lines lt 3 title '|w|'
