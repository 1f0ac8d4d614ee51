set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
of(k, c) = $1 == k ? column(c) : NaN
set title 'digits, a point for each seed'
set xlabel ' '
set ylabel 'test digits that are right, in %' offset 1,0
set xrange [-0.6:1.6]
set xtics ('3 layers, fully connected' 0, '11 layers, convolutional' 1)
set yrange [40:110]
set ytics 40,10,100
set key top center horizontal
plot csv using ($1-0.14+0.04*($2-2)):3 with points lt 1 pt 7 ps 1 title 'as they are', \
     csv using ($1+0.14+0.04*($2-2)):4 with points lt 2 pt 2 ps 1 title 'moved by a pixel'
set title 'what they cost'
set ylabel 'number' offset 1,0
set ytics autofreq
set logscale y
set yrange [1e3:1e6]
set format y '10^{%L}'
set style fill solid 0.5
set boxwidth 0.3
set key top left
plot csv using ($2 == 0 ? $1-0.17 : NaN):5 with boxes lt 1 fs solid 0.8 title 'parameters', \
     csv using ($2 == 0 ? $1+0.17 : NaN):6 with boxes lt 2 fs solid 0.3 title 'operations an image'
