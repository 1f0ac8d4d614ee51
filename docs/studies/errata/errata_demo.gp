set title "gradients of the demonstration's loss: data + 0.1 ΣW²"
set xlabel 'weight'
set ylabel 'gradient'
set xrange [0.5:6.5]
set yrange [-1.4:1.2]
set xtics ('W₁₁ = 1' 1, 'W₁₂ = 2' 2, 'W₂₁ = 2' 3, 'W₂₂ = -4' 4, 'W₃₁ = 3' 5, 'W₃₂ = -1' 6)
set style fill solid 0.6
set boxwidth 0.22
set key bottom right
set xzeroaxis lc rgb '#666666'
plot csv using ($1-0.25):2 with boxes lt 2 fs solid 0.2 title 'printed', \
     csv using 1:4 with boxes lt 5 title 'data + 0.05 W', \
     csv using ($1+0.25):6 with boxes lt 1 fs solid 0.9 title 'backprop of the printed loss', \
     csv using ($1+0.25):5 with points lt 6 pt 2 ps 1 title 'data + 0.2 W'
