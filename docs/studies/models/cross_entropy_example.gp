set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
set style fill solid 0.5
set boxwidth 0.36
set xzeroaxis lc rgb '#666666'
set title 'scores and their softmax'
set xlabel 'class'
set ylabel 'value' offset 1,0
set xrange [0.4:4.6]
set xtics 1
set yrange [-1:1.6]
set key top left
plot csv using ($1-0.19):2 with boxes lt 1 fs solid 0.3 title 'score', \
     csv using ($1+0.19):3 with boxes lt 2 fs solid 0.8 title 'probability', \
     csv using ($1+0.19):($3+0.09):(sprintf('%.2f', $3)) with labels notitle
set title 'cross entropy of each label'
set xlabel "probability of the label's class"
set ylabel 'loss' offset 1,0
set xrange [0:1]
set xtics 0.2
set yrange [0:4]
set key top right
set samples 50
plot -log(x) with lines lt 6 title '-ln p', \
     csv using 3:4 with points lt 1 pt 7 ps 1.1 title 'a label', \
     csv using 3:4:(sprintf('class %d: %.2f', $1, $4)) with labels left offset 0.8,0.3 notitle
