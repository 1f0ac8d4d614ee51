set title 'one layer of 68 relu units against two of 17: 409 parameters each'
set ylabel 'error on new points, share of the variance'
set logscale y
set yrange [1e-4:1]
set format y '10^{%L}'
set xrange [-0.6:1.6]
set xtics ('T((T(x₁ + x₂) + T(x₃ + x₄))/2)' 0, '4x₁x₂x₃x₄' 1)
set key bottom right
plot csv using ($2 == 0 ? $1 - 0.12 + 0.01*$3 : NaN):4 with points lt 2 pt 4 ps 1 title 'one layer, a point for each seed', \
     csv using ($2 == 1 ? $1 + 0.08 + 0.01*$3 : NaN):4 with points lt 1 pt 7 ps 1 title 'two layers'
