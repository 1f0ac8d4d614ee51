set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
s(i) = word('0.2 0.4 0.6 0.8', i)
of(i, c) = $2 == s(i) ? column(c) : NaN
set xlabel 'layer'
set xrange [0:20.5]
set logscale y
set format y '10^{%L}'
set samples 20
set title 'signal in a plain stack of linear layers'
set ylabel 'root mean square over that of the input' offset 1,0
set yrange [1e-15:1e3]
set key bottom left
plot for [i=1:4] csv every 2 using (of(i, 1)):3 with points lt i pt 3+2*i ps 0.8 title 's = '.s(i), \
     for [i=1:4] (s(i)+0)**x with lines lt i dt 2 title (i == 1 ? 's^l' : '')
set title 'with shortcuts: x + Wx'
set format y '%g'
set yrange [0.5:1000]
set key top left
plot for [i=1:4] csv every 2 using (of(i, 1)):4 with points lt i pt 3+2*i ps 0.8 title 's = '.s(i), \
     for [i=1:4] (1+s(i)**2)**(x/2) with lines lt i dt 2 title (i == 1 ? '(1 + s²)^{l/2}' : '')
