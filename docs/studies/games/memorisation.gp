set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.11
unset grid
set title '16 training points, seed 1'
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-3.2:3.2]
set yrange [-3.2:4.4]
set key top center horizontal
plot folder.'/samples.csv' using 1:2 with points lt 6 pt 7 ps 0.25 title 'samples', \
     folder.'/seen.csv' using 1:2 with points lt 1 pt 6 ps 1.5 title 'training', \
     folder.'/held.csv' using 1:2 with points lt 2 pt 4 ps 1.2 title 'held out'
set grid
set title 'distance to training points / to points held out'
set xlabel 'training points n'
set ylabel 'ratio'
set logscale x
set xrange [13:320]
set xtics (16, 32, 64, 256)
set yrange [0:1.2]
unset key
set arrow 1 from 13,1 to 320,1 nohead dt 2 lc rgb '#666666'
set label 1 'nothing memorised' at 15,1.05
plot csv using 1:3 with points lt 1 pt 7 ps 0.8, csv using 1:3 smooth unique with lines lt 1
