set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.085
is(name, c) = stringcolumn(1) eq name ? column(c) : NaN
at(name, k, c) = stringcolumn(1) eq name && int(column(2)) % 6 == k ? column(c) : NaN
set title 'lines: the library; points: the printed form'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-1.6:1.6]
set yrange [-0.3:4.2]
set isosamples 25
set contour base
set cntrparam levels discrete 0.5,2.5
unset surface
set table $contours
splot 2*(y - x**2)**2 + (1 - x)**2/2
unset table
set key top right noopaque
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     csv using (is('corrected', 3)):4 with lines lt 1 title 'corrected', \
     csv using (is('hats_lost', 3)):4 with lines lt 2 dt 2 title '.uncorrected = true', \
     csv using (at('corrected', 0, 5)):6 with points lt 1 pt 6 ps 1.1 title 'corrected, ε outside', \
     csv using (at('hats_lost', 1, 5)):6 with points lt 2 pt 4 ps 1.1 title 'm/(√v + ε)', \
     csv using (at('inside', 2, 5)):6 with points lt 3 pt 8 ps 1.1 title 'm/√(v + ε)', \
     csv using (at('bare', 3, 5)):6 with points lt 4 pt 2 ps 1.1 title 'm/√v', \
     csv using (at('running', 4, 5)):6 with points lt 5 pt 10 ps 1.1 title 'm ← β₁m + g'
set title 'length of a step over the rate, first weight'
set xlabel 'step'
set ylabel '|Δx₁|/η' offset 1,0
set xrange [1:60]
set yrange [0:8]
set key top right
previous = 0
step(name, rate) = stringcolumn(1) ne name ? NaN : (d = abs(column(3) - previous)/rate, previous = column(3), column(2) > 0 ? d : NaN)
plot csv using 2:(step('corrected', 0.01)) with lines lt 1 title 'corrected: at first 1', \
     csv using 2:(step('hats_lost', 0.01)) with lines lt 2 dt 2 title 'hats lost: at first (1-β₁)/√(1-β₂) = 3.2', \
     csv using 2:(step('running', 0.001)/10) with lines lt 5 dt 4 title 'a sum, at a tenth of the rate: as hats lost'
