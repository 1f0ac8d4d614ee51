set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set title 'constant gradients'
set xlabel 'size s of the gradient'
set ylabel "Adam's step, in units of the rate" offset 1,0
set logscale x
set format x '10^{%L}'
set xrange [1e-11:1e5]
set yrange [0:1.35]
set key top right
set arrow from 1e-8,0 to 1e-8,1.1 nohead lc rgb '#999999' dt 2
set label ' ε' at 1e-8,0.05 textcolor rgb '#444444'
plot csv using 1:2 with points lt 1 ps 0.9 title 'measured', x/(x + 1e-8) with lines lt 1 lw 1 dt 2 title 's/(s + ε)'
unset arrow
unset label
set title 'noisy gradients of mean 1'
set xlabel 'deviation σ of the gradient'
unset logscale
set format x '%g'
set xrange [-0.3:10.5]
plot folder.'/noise.csv' using 1:2:3 with yerrorbars lt 2 ps 0.9 title 'measured, 40 weights: mean ± sd', \
     1/sqrt(1 + x**2) with lines lt 2 lw 1 dt 2 title '1/√(1 + σ^2)'
