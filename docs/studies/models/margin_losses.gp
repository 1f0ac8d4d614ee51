set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set title 'losses of a score f with the label y = ±1'
set xlabel 'margin yf'
set ylabel 'loss' offset 1,0
set xrange [-3:3]
set yrange [0:5.6]
set key top right
set samples 300
plot csv using 1:3 with lines lt 3 dt 4 title 'squared', \
     csv using 1:4 with lines lt 2 dt 2 title 'hinge', \
     csv using 1:($2/log(2)) with lines lt 1 title 'logistic / ln 2', \
     (x <= 0 ? 1 : 0) with lines lt 6 title 'error'
set title 'derivative by the margin'
set ylabel 'derivative' offset 1,0
set yrange [-4.2:4.2]
set key top left
plot csv using 1:6 with lines lt 3 dt 4 title 'squared', \
     csv using 1:7 with steps lt 2 dt 2 title 'hinge', \
     csv using 1:($5/log(2)) with lines lt 1 title 'logistic / ln 2'
