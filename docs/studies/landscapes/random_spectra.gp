set datafile missing NaN
set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1
set title 'share of spectra with one sign'
set xlabel 'n'
set xtics 1
set ylabel 'share' offset 1,0
set xrange [0.7:5.3]
set yrange [1e-4:2]
set logscale y
set format y '10^{%L}'
set key bottom left samplen 2
plot csv using ($2 == 0 ? $1 : NaN):(2**(1-$1)) with linespoints lt 6 dt 2 pt 4 title 'independent signs, 2^{1-n}', \
     csv using ($2 == 0 ? $1 : NaN):4 with linespoints lt 1 title 'random matrices', \
     csv using ($2 == 0 ? $1 : NaN):5 with points lt 2 pt 1 ps 1.5 title 'exact, n = 1, 2, 3'
unset logscale y
set format y '%g'
set title 'the index of random matrices with n = 5'
set xlabel 'number of negative eigenvalues'
set ylabel 'share' offset 1,0
set xrange [-0.6:5.6]
set yrange [0:0.7]
set boxwidth 0.6
set style fill solid 0.4
unset key
plot csv using ($1 == 5 ? $2 : NaN):3 with boxes lt 1 lw 1
unset multiplot
