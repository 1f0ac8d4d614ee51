set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
set datafile missing NaN
part = folder.'/size.csv'
set title 'gradients of batches: two of 17 components'
set xlabel 'first component'
set ylabel 'second component' offset 0.5,0
set key top left Left reverse samplen 1
stats part using 4 every ::1::1 name 'S' nooutput
set xtics 0.1
set offsets graph 0.02, graph 0.02, graph 0.3, graph 0.02
plot csv using 2:($1 == 1 ? $3 : NaN) with points lt 3 pt 5 ps 0.8 title 'each example (B = 1)', \
     csv using 2:($1 == 2 ? $3 : NaN) with points lt 1 pt 6 ps 0.5 title 'all 45 batches of B = 2', \
     csv using 2:($1 == 8 ? $3 : NaN) with points lt 2 pt 1 ps 0.6 title 'all 45 batches of B = 8', \
     csv using 2:($1 == 10 ? $3 : NaN) with points lc rgb '#000000' pt 2 ps 1.2 lw 2 title 'the gradient (B = 10)'
set samples 60
set title 'variance of the batch gradient'
set xlabel 'batch size B'
set ylabel 'E‖ĝ - g‖^2, relative to σ^2'
set xtics 1
set offsets 0,0,0,0
set xrange [0:10.5]
set yrange [0:1.1]
set key top right Right noreverse samplen 3
plot part using 1:($4/S_max) with points lt 1 ps 0.9 title 'over all batches', \
     (x >= 1 ? (10 - x)/9/x : NaN) with lines lt 1 lw 1 title '1/B (m - B)/(m - 1)', \
     (x >= 1 ? 1/x : NaN) with lines lt 6 lw 1 dt 2 title '1/B, with replacement'
