set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
set samples 60
of(beta, w) = $1 == beta && $2 == w
set title 'gradients and their averages, β = 0.9'
set xlabel 'step'
set ylabel 'gradient g, and its average ⟨g⟩' offset 1,0
set xrange [0:30]
set yrange [-1.2:2.4]
set key top right maxrows 3 samplen 2 width -2
plot csv using 3:(of(0.9, 1) ? $4 : NaN) with points lt 1 pt 6 title 'g of w_1', \
     csv using 3:(of(0.9, 3) ? $4 : NaN) with points lt 2 pt 8 title 'g of w_3', \
     csv using 3:(of(0.9, 2) ? $4 : NaN) with lines lt 3 lw 1 dt 3 title 'g of w_2', \
     csv using 3:(of(0.9, 1) ? $5 : NaN) with lines lt 1 title '⟨g⟩ of w_1', \
     csv using 3:(of(0.9, 3) ? $5 : NaN) with lines lt 2 dt 4 title '⟨g⟩ of w_3', \
     csv using 3:(of(0.9, 2) ? $5 : NaN) with lines lt 3 dt 2 title '⟨g⟩ of w_2'
set title 'the average of a constant 0.1, from 0'
set ylabel '⟨g⟩ of w_2'
set yrange [0:0.12]
set key at 29,0.07 maxrows auto width 0
plot csv using 3:(of(0.9, 2) ? $5 : NaN) with lines lt 1 title 'β = 0.9', \
     csv using 3:(of(0.995, 2) ? $5 : NaN) with lines lt 2 dt 2 title 'β = 0.995', \
     csv using 3:(int($3) % 2 == 1 && of(0.995, 2) ? $6 : NaN) with points lt 5 pt 6 ps 0.6 title 'divided by 1 - β^t', \
     0.1*(1 - 0.9**x) with lines lt 6 lw 1 dt 3 title '0.1 (1 - β^t)', 0.1*(1 - 0.995**x) with lines lt 6 lw 1 dt 3 notitle
