set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
cosine = folder.'/cosine.csv'
set title 'distance of two blocks of 10 bins'
set xlabel 'shift in bins'
set ylabel 'distance' offset 1,0
set xrange [0:40]
set yrange [0:44]
set key top left
set arrow 1 from 10,0 to 10,30 nohead lc rgb '#666666' dt 3
set label 1 'apart from here' at 10.6,27 textcolor rgb '#444444'
plot csv using 1:3 with lines lt 1 title 'Wasserstein', \
     csv using 1:2 with lines lt 2 dt 2 title 'Kullback-Leibler'
unset arrow 1
unset label 1
set title 'cosine loss'
set xlabel 'angle between y and t in degrees'
set ylabel '-y·t/(‖y‖ ‖t‖)' offset 1,0
set xrange [-180:180]
set xtics 90
set yrange [-1.1:1.5]
set key top center
plot cosine using 1:2 with lines lt 1 title '‖t‖ = 1', \
     cosine every 3 using 1:3 with points lt 2 pt 7 ps 0.8 title '‖t‖ = 10'
