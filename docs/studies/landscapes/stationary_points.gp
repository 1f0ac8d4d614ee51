set multiplot layout 2,4 margins 0.03,0.99,0.08,0.92 spacing 0.03,0.14
set xrange [-1:1]
set yrange [-1:1]
unset tics
unset grid
unset key
set border 15
set isosamples 19
set samples 19
set contour base
set cntrparam levels discrete -1,-0.5,-0.2,-0.05,0.05,0.2,0.5,1
unset surface
f1(x, y) = x**2 + y**2
f2(x, y) = -x**2 - y**2
f3(x, y) = x**2 - y**2
f4(x, y) = x**2
f5(x, y) = x**3 - 3*x*y**2
f6(x, y) = y**4 - x**4
f7(x, y) = x**4 + y**4
set style line 11 lc rgb '#ee6677' lw 1.5
set style line 12 lc rgb '#4477aa' lw 1.5 dt 2
do for [i=1:7] {
    set yrange [-1:1]
    set table $c
    splot i == 1 ? f1(x, y) : i == 2 ? f2(x, y) : i == 3 ? f3(x, y) : i == 4 ? f4(x, y) : i == 5 ? f5(x, y) : i == 6 ? f6(x, y) : f7(x, y)
    unset table
    set yrange [-1.5:1]
    set title word("'x² + y²' '-x² - y²' 'x² - y²' 'x²' 'x³ - 3xy²' 'y⁴ - x⁴' 'x⁴ + y⁴'", i) offset 0,-0.6
    plot $c using ($3 > 0 ? $1 : NaN):2 '%lf %lf %lf' with lines ls 11, $c using ($3 < 0 ? $1 : NaN):2 '%lf %lf %lf' with lines ls 12, \
         csv using (0):(-1.25):2 every ::i::i with labels font ',14'
}
set border 0
set title 'contours at 0'
set label 1 'f > 0: solid' at -0.9,0.4 tc rgb '#ee6677'
set label 2 'f < 0: dashed' at -0.9,0 tc rgb '#4477aa'
set label 3 'below: what the rule says' at -0.9,-0.4
plot NaN
unset multiplot
