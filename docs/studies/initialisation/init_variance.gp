set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.085
rule(i) = word('LeCun: its Xavier: Kaiming: Defazio-Bottou:', i)
is(i, form) = (word(strcol(1), 1) eq rule(i) && strcol(2) eq form)
array T[5] = ['LeCun: 1/in', 'its twin: 1/out', 'Xavier: 2/(in+out)', 'Kaiming: 2/in', 'Defazio-Bottou: 2/√(in·out)']
set logscale y 2
set format y '2^{%L}'
set xlabel 'layer'
set xrange [0.8:6.2]
set yrange [0.0015:8]
set xtics 1
set title 'signal: mean square after each layer (200 → 52 units, relu)'
set ylabel 'mean square' offset 1,0
set key bottom left
plot for [i=1:5] csv using (is(i, 'N') ? $3 : NaN):5 with lines lt i notitle, \
     for [i=1:5] csv using (is(i, 'N') ? $3 : NaN):4 with points lt i pt 2*i+3 ps 0.8 title T[i], \
     for [i=1:4] csv using (is(i, 'U') && int($3) % 2 ? $3 : NaN):4 with points lt i pt 2*i+2 ps 1.5 lw 1 notitle
set title 'gradient: mean square at each layer'
set key bottom right
plot csv using (NaN):(NaN) with lines lc rgb '#555555' title 'predicted', \
     csv using (NaN):(NaN) with points lc rgb '#555555' pt 7 ps 0.8 title 'normal weights', \
     csv using (NaN):(NaN) with points lc rgb '#555555' pt 6 ps 1.5 title 'uniform weights (every other layer)', \
     for [i=1:5] csv using (is(i, 'N') ? $3 : NaN):7 with lines lt i notitle, \
     for [i=1:5] csv using (is(i, 'N') ? $3 : NaN):6 with points lt i pt 2*i+3 ps 0.8 notitle, \
     for [i=1:4] csv using (is(i, 'U') && int($3) % 2 ? $3 : NaN):6 with points lt i pt 2*i+2 ps 1.5 lw 1 notitle
