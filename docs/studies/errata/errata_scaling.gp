set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set samples 30
norms = folder.'/norms.csv'
set title 'E15: norm of the gradient that RMSProp has rescaled'
set xlabel 'elements n'
set ylabel 'norm' offset 1,0
set logscale xy
set xrange [0.8:350]
set yrange [0.5:30]
set key top left
plot norms using 1:2 with points lt 1 pt 7 ps 1.1 title 'measured', \
     sqrt(x) with lines lt 1 title '√n', \
     1 with lines lt 2 dt 2 title 'printed: 1'
set title 'E17: AdaGrad on ½x²'
set xlabel 'step'
set ylabel 'x' offset 1,0
unset logscale
set xrange [1:60]
set yrange [*:*]
set key top right
plot csv every 3 using 1:2 with points lt 1 pt 7 ps 0.7 title 'AdaGrad', \
     csv using 1:3 with lines lt 1 title 'Σ_j (∇f(x_j))²', \
     csv using 1:4 with lines lt 2 dt 2 title 'printed: Σ_j (∇f(x_t))²'
