set multiplot layout 1,3 margins 0.055,0.985,0.28,0.88 spacing 0.06
set xlabel 'x'
set ylabel 'y' offset 1.5,0
set xrange [-1.6:1.6]
set yrange [-1.6:1.6]
set xtics 1
set ytics 1
set isosamples 21
set samples 21
set contour base
unset surface
set key at screen 0.95,0.14 right vertical maxrows 2 samplen 1
of(name, c) = stringcolumn(1) eq name && $4 == c ? $2 : NaN
f1(x, y) = (x**2 - 1)**2/4 + y**2/2
f2(x, y) = x**3 - 3*x*y**2
f3(x, y) = (1 - x*y)**2
do for [i=1:3] {
    set cntrparam levels discrete 0.05,0.3,1,2,4,-0.3,-1,-2
    set table $c
    splot i == 1 ? f1(x, y) : i == 2 ? f2(x, y) : f3(x, y)
    unset table
    set title word("'(x² - 1)²/4 + y²/2' 'x³ - 3xy²' '(1 - xy)²'", i)
    name = word('well monkey product', i)
    if (i == 3) { set key } else { unset key }
    plot $c using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
         csv using (of(name, 2)):3 with points lt 1 pt 7 ps 0.5 title 'negative curvature', \
         csv using (of(name, 3)):3 with points lt 3 pt 9 ps 0.9 title 'minimum near', \
         csv using (of(name, 0)):3 with points lt 2 pt 2 ps 0.8 title 'none: not strict', \
         NaN with lines lc rgb '#bbbbbb' lw 1 title 'elsewhere: large gradient'
}
unset multiplot
