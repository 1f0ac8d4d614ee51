set title 'return of a path of six rewards, R_{t+1} = R(S_t, A_t)'
set xlabel 'discount γ'
set ylabel 'value of the first state'
set xrange [0:1]
set yrange [0:*]
set key top left
plot csv using 1:2 with points lt 1 pt 7 ps 1 title "V(S₁), by Bellman's equation", \
     csv using 1:3 with lines lt 1 title 'Σ γ^{t-1} R_{t+1}', \
     csv using 1:4 with lines lt 2 dt 2 title 'printed: Σ γ^{t-1} R_t'
