set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1
set title 'share of descents that end in a bad minimum'
set xlabel 'units k of the teacher'
set ylabel 'share' offset 1,0
set yrange [-0.03:1]
set key top left Left reverse samplen 2
set xtics 2
set xrange [5:15]
set datafile missing NaN
plot for [m=0:2] csv using ($2 - $1 == m ? $1 : NaN):($4 > 1e-3 && $6 > 0 ? 1 : 0) smooth unique with linespoints lt m+1 dt m+1 \
     title word("'student of k units' 'k + 1 units' 'k + 2 units'", m + 1)
set title 'where the descents end'
set ylabel 'loss' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [3e-9:1]
set label 'below 10^{-8}: the teacher found' at 10,2.5e-8 center
set key at graph 0.98,0.6 right
plot for [m=0:2] csv using ($2 - $1 == m ? $1 + 0.4*(m - 1) : NaN):($4 > 1e-3 ? $4 : $3 < 6 ? 1e-8 : NaN) with points lt m+1 pt (m == 0 ? 7 : m == 1 ? 4 : 2) ps 0.4 \
     title word("'k' 'k + 1' 'k + 2'", m + 1)
unset multiplot
