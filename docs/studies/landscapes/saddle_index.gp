set multiplot layout 1,3 margins 0.06,0.985,0.15,0.88 spacing 0.08
f(x, y) = (x**2 - 1)**2 + (y**2 - 1)**2
set title 'n = 2: nine stationary points'
set xlabel 'x₁'
set ylabel 'x₂' offset 1.5,0
set xrange [-1.6:1.6]
set yrange [-1.6:1.6]
set xtics 1
set ytics 1
set isosamples 19
set samples 19
set contour base
set cntrparam levels discrete 0.2,0.5,0.9,1.1,1.5,1.9,3
unset surface
set table $contours
splot f(x, y)
unset table
$minima << END
-1 -1
-1 1
1 -1
1 1
END
$saddles << END
0 -1
0 1
-1 0
1 0
END
$top << END
0 0
END
set datafile separator whitespace
set key top center maxrows 1 samplen 0.5 font ',11'
set yrange [-1.6:2]
plot $contours using 1:2 with lines lc rgb '#bbbbbb' lw 1 notitle, $minima using 1:2 with points lt 1 pt 7 ps 1 title 'K=0', \
     $saddles using 1:2 with points lt 2 pt 2 ps 1 lw 2 title 'K=1', $top using 1:2 with points lt 3 pt 9 ps 1.3 title 'K=2'
set datafile separator ','
set title 'n = 6: 729 points, by index'
set xlabel 'index K (and loss)'
set ylabel 'points' offset 1.5,0
set xrange [-0.6:6.6]
set yrange [0:280]
set ytics auto
set boxwidth 0.6
set style fill solid 0.4
set key top right samplen 1 font ',12'
plot csv using 1:2 with boxes lt 1 lw 1 title 'found', csv using 1:3 with points lt 2 pt 1 ps 1 lw 2 title 'C(n,K) 2^{n-K}'
set title 'n = 10: saddles for each minimum'
set xlabel 'index K'
set ylabel 'ratio' offset 1.5,0
set xrange [-0.2:5.2]
set yrange [0.02:30]
set logscale y
set key bottom left
plot folder.'/factors.csv' using 1:2 with linespoints lt 1 title 'wells', '' using 1:3 with linespoints lt 2 dt 2 title 'printed', \
     1 with lines lc rgb '#666666' lw 1 notitle
unset multiplot
