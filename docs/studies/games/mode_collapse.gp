set multiplot layout 1,3 margins 0.055,0.985,0.16,0.9 spacing 0.075
$centres << EOD
2,0
1.414,1.414
0,2
-1.414,1.414
-2,0
-1.414,-1.414
0,-2
1.414,-1.414
EOD
set xlabel 'x₁'
set ylabel 'x₂' offset 1.5,0
set xrange [-3:3]
set yrange [-3:3]
set size ratio 1
unset key
unset grid
set xtics 2
set ytics 2
set title 'minimax loss, seed 2'
plot folder.'/plain.csv' using 1:2 with points lt 2 pt 7 ps 0.25, $centres using 1:2 with points lt 6 pt 6 ps 2
set title 'with R1 and instance noise, seed 2'
plot folder.'/remedied.csv' using 1:2 with points lt 1 pt 7 ps 0.25, $centres using 1:2 with points lt 6 pt 6 ps 2
set size noratio
set xtics 1
set ytics 2
set title 'modes that are found, of 8'
set xlabel 'seed'
set ylabel 'modes' offset 1,0
set xrange [0.5:8.5]
set yrange [-0.2:10.5]
set key top right
plot csv using ($2 == 0 ? $1 : NaN):3 with points lt 2 pt 5 ps 1 title 'minimax loss', \
     csv using ($2 == 1 ? $1 : NaN):3 with points lt 1 pt 7 ps 1 title 'with R1 and noise'
