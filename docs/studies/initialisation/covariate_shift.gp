set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
set mytics 1
set logscale y
set format y '10^{%L}'
set xlabel 'step'
set key top right
is(name, rate, x) = strcol(1) eq name && $2 == rate ? x : NaN
set title 'values: shift of the units'' means in a step'
set ylabel 'standard deviations' offset 1,0
set yrange [1e-5:100]
do for [k=4:5] {
    if (k == 5) { set title 'gradients: |G - G''|/|G|, layers below a step on'; set ylabel 'relative change'; set yrange [0.003:100] }
    plot csv using (is('plain', 0.1, $3)):k smooth unique with lines lt 2 dt (6,2) title 'plain, rate 0.1', \
         csv using (is('batch norm', 0.1, $3)):k smooth unique with lines lt 1 lw 3 title 'batch norm, rate 0.1', \
         csv using (is('plain', 0.01, $3)):k smooth unique with lines lt 5 lw 1.5 dt (2,2) title 'plain, rate 0.01', \
         csv using (is('batch norm', 0.01, $3)):k smooth unique with lines lt 3 lw 1.5 title 'batch norm, rate 0.01'
}
