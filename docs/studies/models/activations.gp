set multiplot layout 2,5 margins 0.035,0.985,0.12,0.93 spacing 0.035,0.19
name(i) = word('identity sigmoid tanh ReLU leaky_0.1 ELU sign abs maxout softmax', i)
of(n, c) = stringcolumn(1) eq n ? column(c) : NaN
set xrange [-5:5]
set yrange [-1.5:3.2]
set xtics 5
set xlabel 'x' offset 0,0.7
set ytics 2
unset grid
set xzeroaxis lc rgb '#bbbbbb'
set yzeroaxis lc rgb '#bbbbbb'
set key top left samplen 2 font ',11'
do for [i=1:10] {
    n = name(i) eq 'leaky_0.1' ? 'leaky 0.1' : name(i)
    set title n.(n eq 'softmax' ? ', first of (x, 0, 1)' : n eq 'maxout' ? ' of three pieces' : '') offset 0,-0.6
    plot csv using (of(n, 2)):3 with lines lt 1 title (i == 1 ? 'y' : ''), \
         csv using (of(n, 2)):4 with lines lt 2 dt 2 title (i == 1 ? 'dy/dx' : '')
}
