set multiplot layout 1,2 margins 0.105,0.985,0.16,0.9 spacing 0.1
set title 'one derivative each, 16 layers of 16 neurons'
set xlabel 'of the parameter W₁ … W₁₆, β'
set ylabel 'operations'
set xrange [0:18]
set yrange [0:40000]
set ytics 10000
set xtics ('W_1' 1, 'W_4' 4, 'W_8' 8, 'W_{12}' 12, 'W_{16}' 16, 'β' 17)
set boxwidth 0.7
set style fill solid 0.4 border
set key top right
plot csv using 1:2 with boxes lt 1 lw 1 title 'by its own formula', csv using 1:3 with lines lt 2 dt 2 title 'all 17 in one backward pass'
set title 'all derivatives, over one backward pass'
set xlabel 'layers k'
set ylabel 'ratio of operations'
set xrange [0:66]
set yrange [0:40]
set xtics 16
set ytics 10
set key top left Left reverse
r = folder.'/ratio.csv'
plot r using 1:3 with lines lt 1 title 'closed forms', r using 1:2 with points lt 1 ps 0.7 title 'counted', x/2 + 2.0/3 with lines lt 6 dt 2 title 'k/2 + 2/3'
