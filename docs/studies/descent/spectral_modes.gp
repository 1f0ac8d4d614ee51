set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set datafile missing NaN
of(al) = abs($1 - al) < 1e-6
set title 'modes of θ at four values of αλ'
set xlabel 'step t'
set ylabel 'mode, relative to its start' offset 1,0
set xrange [0:20]
set yrange [-2.6:6]
set key top left Left reverse samplen 2.5
plot csv using 2:(of(0.1) ? $3 : NaN) with lines lt 1 title 'αλ = 0.1: decays', \
     csv using 2:(of(1.5) ? $3 : NaN) with lines lt 3 dt 2 title '1.5: alternates, decays', \
     csv using 2:(of(1.9) ? $3 : NaN) with lines lt 6 lw 1.5 dt 3 title '1.9: alternates, decays slowly', \
     csv using 2:(of(2.1) ? $3 : NaN) with linespoints lt 2 pt 9 ps 0.7 title '2.1: diverges'
set title 'size of all modes after 5 and 20 steps'
set xlabel 'αλ'
set ylabel 'size, relative to the start'
set xrange [0:2.2]
set yrange [1e-14:1e10]
set logscale y
set format y '10^{%L}'
set samples 200
set key top center Right noreverse samplen 3
set arrow from 2,1e-14 to 2,1e4 nohead lc rgb '#999999' dt 2
set label 'diverges' at 2.05,1e-12 left rotate textcolor rgb '#444444'
plot abs(1 - x)**5 with lines lt 1 lw 1 title '|1 - αλ|^5', abs(1 - x)**20 with lines lt 2 lw 1 dt 2 title '|1 - αλ|^{20}', \
     csv using 1:($2 == 5 ? abs($3) : NaN) with points lt 1 ps 0.7 title 'measured, t = 5', \
     csv using 1:($2 == 20 ? abs($3) : NaN) with points lt 2 pt 9 ps 0.7 title 'measured, t = 20'
