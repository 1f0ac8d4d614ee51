set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 15 == 3*k ? column(c) : NaN
set title 'lines: the library; points: the printed form'
set xlabel 'step'
set ylabel 'x₂' offset 1,0
set xrange [0:60]
set yrange [0:4]
set key top right Right noreverse
plot csv using 2:(is('corrected', 4)) with lines lt 1 title 'corrected', \
     csv using 2:(is('hats_lost', 4)) with lines lt 2 dt 2 title '.uncorrected = true', \
     csv using 2:(at('corrected', 0, 6)) with points lt 1 pt 6 ps 1.1 title 'corrected, ε outside', \
     csv using 2:(at('hats_lost', 1, 6)) with points lt 2 pt 4 ps 1.1 title 'm/(√v + ε)', \
     csv using 2:(at('inside', 2, 6)) with points lt 3 pt 8 ps 1.1 title 'm/√(v + ε)', \
     csv using 2:(at('bare', 3, 6)) with points lt 4 pt 2 ps 1.1 title 'm/√v', \
     csv using 2:(at('running', 4, 6)) with points lt 5 pt 10 ps 1.1 title 'm ← β₁m + g'
set title 'length of a step over the rate, first weight'
set xlabel 'step'
set ylabel '|Δx₁|/η' offset 1,0
set xrange [1:60]
set yrange [0:8]
set key top right
previous = 0
step(name, rate) = stringcolumn(1) ne name ? NaN : (d = abs(column(3) - previous)/rate, previous = column(3), column(2) > 0 ? d : NaN)
plot csv using 2:(step('corrected', 0.01)) with lines lt 1 title 'corrected: at first 1', \
     csv using 2:(step('hats_lost', 0.01)) with lines lw 6 lc rgb '#f5b8c0' title 'uncorrected: at first (1-β₁)/√(1-β₂) = 3.2', \
     csv using 2:(step('running', 0.001)/10) with lines lt 5 dt 4 title 'a sum, at a tenth of the rate: the same'
