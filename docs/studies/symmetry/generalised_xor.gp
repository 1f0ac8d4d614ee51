set multiplot layout 1,2 margins 0.07,0.985,0.24,0.9 spacing 0.11
unset grid
set key at screen 0.27,0.05 center vertical maxrows 1 samplen 1.5
unset colorbox
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-3:3]
set yrange [-3:3]
set size ratio 1
set palette defined (0 '#ffffff', 1 '#4477aa')
set title 'the chessboard of 4 lines: 11 regions, 2 classes'
plot folder.'/board.csv' using 1:2:3 with image notitle, \
     keyentry with boxes fillstyle solid border lc rgb '#4477aa' title 'class 1', keyentry with boxes fillstyle empty border lc rgb '#666666' title 'class 0'
set size noratio
set grid
set key at screen 0.77,0.06 center vertical maxrows 2 samplen 1
set title 'labellings that one output unit can give'
set xlabel 'step units n'
set ylabel 'share of all labellings'
set xrange [0.8:4.2]
set xtics 1
set yrange [0.01:2]
set logscale y
plot csv using ($1 == 2 ? $2 : NaN):($4/2**$3) with points lt 1 pt 7 ps 1 title 'lines in the plane', \
     csv using ($1 == $2 ? $2 : NaN):($4/2**$3) with points lt 2 pt 4 ps 1.5 title 'n dimensions, 2ⁿ regions'
