set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
of(what, form, c) = (stringcolumn(1) eq what && stringcolumn(2) eq form) ? column(c) : NaN
set title 'descending the cross entropy of a label y = 1'
set xlabel 'step'
set ylabel 'predicted probability ŷ' offset 1,0
set xrange [0:60]
set yrange [-0.02:1.02]
set key at graph 0.98,0.6
plot csv using (of('label', 'right', 3)):4 with lines lt 1 title '-y ln ŷ - (1 - y) ln(1 - ŷ)', \
     csv using (of('label', 'printed', 3)):4 with lines lt 2 dt 2 title 'printed: y ln ŷ - (1 - y) ln(1 - ŷ)'
set title 'descending a loss of the angle between y and t'
set ylabel 'cosine between y and t' offset 1,0
set yrange [-1.05:1.05]
set key at graph 0.98,0.6
plot csv using (of('cosine', 'right', 3)):4 with lines lt 1 title '-y·t/(‖y‖ ‖t‖)', \
     csv using (of('cosine', 'printed', 3)):4 with lines lt 2 dt 2 title 'printed: y·t/(‖y‖ ‖t‖)'
