set mytics 1
set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.09
array W[5] = ['no constraint', 'penalty λ = 1', 'penalty λ = 10', 'Cayley steps', 'QR steps']
set linetype 2 dt (8,3)
set linetype 3 dt (3,2)
set linetype 5 dt (2,3)
set logscale y
set format y '10^{%L}'
set xlabel 'step'
set xrange [0:800]
set title '|WᵀW - 1|: how far from orthonormal'
set ylabel 'deviation' offset 1,0
set yrange [1e-17:1e4]
set key at graph 1,0.66
plot for [i=1:5] csv using (strcol(1) eq W[i] ? $2 : NaN):($3 < 1e-16 ? 1e-16 : $3) with lines lt i lw (i == 4 ? 3 : 2) title W[i]
set title '|W - M(MᵀM)^{-½}|: how far from the best orthonormal W'
set ylabel 'distance'
set key at graph 1,0.55
plot for [i=1:5] csv using (strcol(1) eq W[i] ? $2 : NaN):($4 < 1e-16 ? 1e-16 : $4) with lines lt i lw (i == 4 ? 3 : 2) notitle
