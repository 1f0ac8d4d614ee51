set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set xlabel 'step'
set xrange [1:50]
set title 'E2: √v̂, by which a step is divided'
set ylabel '√v̂ + ε' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [0.1:1e3]
set key bottom right
plot csv every 3 using 1:2 with points lt 1 pt 7 ps 0.7 title 'Adam', \
     csv using 1:3 with lines lt 1 title 'recursion with 1-β₂^{t-1}', \
     csv using 1:4 with lines lt 2 dt 2 title 'printed, without it'
unset logscale y
set format y '%g'
set title 'E7: length of a step, in learning rates'
set ylabel 'step / η' offset 1,0
set yrange [*:*]
set key at graph 0.98,0.65
plot csv every 3 using 1:5 with points lt 1 pt 7 ps 0.7 title 'Adam', \
     csv using 1:6 with lines lt 1 title 'm ← μm + (1-μ)g', \
     csv using 1:7 with lines lt 2 dt 2 title 'printed: m ← μm + (1-α)g'
