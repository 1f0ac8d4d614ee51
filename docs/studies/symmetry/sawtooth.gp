set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set title '4 layers of 2 units, and one of 8: 25 parameters each'
set xlabel 'x'
set ylabel 'y'
set xrange [0:1]
set yrange [-0.1:1.4]
set key top right
plot folder.'/curves.csv' using 1:2 with lines lt 1 title 'deep: T⁴(x)', \
     folder.'/curves.csv' using 1:3 with lines lt 2 dt 2 title 'shallow, fitted to it'
set title 'linear pieces'
set xlabel 'parameters, 6k + 1'
set ylabel 'pieces'
set xrange [5:50]
set yrange [1:400]
set logscale y
set key top left
plot csv using 2:3 with points lt 1 pt 7 ps 1 title 'k layers of 2 units', 2**((x - 1)/6) with lines lt 1 dt 2 lw 1 title '2^k', \
     csv using 2:4 with points lt 2 pt 5 ps 0.8 title 'one layer of 2k units', (x - 1)/3 + 1 with lines lt 2 dt 3 lw 1 title '2k + 1'
