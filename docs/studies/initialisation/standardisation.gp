set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
array K[4] = ['raw', 'centred only', 'scaled only', 'standardised']
set datafile missing NaN
set mytics 1
set title 'eigenvalues of the Hessian'
set ylabel 'eigenvalue' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [0.5:4.5]
set yrange [1e-2:100]
set xtics ('raw' 1, 'centred only' 2, 'scaled only' 3, 'standardised' 4)
set xlabel 'inputs'
set key top right
first(i, x) = strcol(1) eq K[i] && $2 == 0 ? x : NaN
plot for [i=1:4] csv using (first(i, i)):4:(0):($6-$4) with vectors nohead lt i lw 1 notitle, \
     for [i=1:4] csv using (first(i, i)):4 with points lt i pt 7 ps 1.2 notitle, \
     for [i=1:4] csv using (first(i, i)):5 with points lt i pt 7 ps 1.2 notitle, \
     for [i=1:4] csv using (first(i, i)):6 with points lt i pt 7 ps 1.2 notitle, \
     for [i=1:4] csv using (first(i, i)):($6*1.6):(sprintf('κ = %.3g', $6/$4)) with labels notitle
set linetype 2 dt (8,3)
set linetype 3 dt (3,2)
set linetype 4 lw 3
set title 'descent, each at its best rate 2/(λ_{min} + λ_{max})'
set ylabel 'loss'
set xlabel 'step'
set xrange [0:200]
set xtics auto
set yrange [0.004:3]
plot for [i=1:4] csv using (strcol(1) eq K[i] ? $2 : NaN):3 with lines lt i title K[i]
