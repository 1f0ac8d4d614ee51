set multiplot layout 1,3 margins 0.065,0.985,0.16,0.9 spacing 0.075
set datafile missing NaN
set mytics 1
set logscale y
set format y '10^{%L}'
set xlabel 'step'
is(name, step, x, y) = strcol(1) eq name && int($2) % step == 0 && y > 0 ? x : NaN
do for [k=4:6] {
    unset key
    if (k == 4) { set title 'gᵀHg' }
    if (k == 5) { set title 'Lipschitz estimate |g - g''|/|x - x''|' }
    if (k == 6) { set title 'λ₁/λ₂₀ of the Hessian'; set key at graph 1,1; set yrange [1:300] }
    plot csv using (is('plain', 60, $2, column(k))):k with points lt 2 pt 6 ps 0.45 lw 0.8 title 'plain: five seeds', \
         csv using (is('batch norm', 60, $2, column(k))):k with points lt 1 pt 7 ps 0.4 title 'batch norm: five seeds', \
         csv using (is('plain', 5, $2, column(k))):k smooth unique with lines lt 2 dt (6,2) title 'plain: mean', \
         csv using (is('batch norm', 5, $2, column(k))):k smooth unique with lines lt 1 lw 3 title 'batch norm: mean'
}
