set multiplot layout 1,3 margins 0.055,0.985,0.26,0.86 spacing 0.06
set xlabel 'x₁'
set ylabel 'x₂' offset 1.5,0
set xrange [-1.3:1.3]
set yrange [-1.3:1.3]
set xtics 1
set ytics 1
# The part of a line within 2 of the origin: from its point nearest to 0, 2 to each side.
n2(a, b) = a*a + b*b
do for [i=1:3] {
    units = i < 3 ? 4 : 8
    set key at screen 0.03 + 0.32*i,0.05 right samplen 2
    which = i == 2 ? 'worst' : 'best'
    set title sprintf('%d lines, %s of 20 descents', units, which)
    plot folder.'/points.csv' using ($3 == 1 ? $1 : NaN):2 with points lt 3 pt 7 ps 0.3 notitle, '' using ($3 == 0 ? $1 : NaN):2 with points lt 6 pt 6 ps 0.5 notitle, \
         csv using ($1 == units && stringcolumn(2) eq which ? -$5*$3/n2($3, $4) + 2*$4/sqrt(n2($3, $4)) : NaN):(-$5*$4/n2($3, $4) - 2*$3/sqrt(n2($3, $4))):(-4*$4/sqrt(n2($3, $4))):(4*$3/sqrt(n2($3, $4))) with vectors nohead lt 1 lw 1.5 notitle, \
         for [k=1:(i == 1)] keyentry with points lt 3 pt 7 ps 0.8 title 'inside: class 1', \
         for [k=1:(i == 2)] keyentry with points lt 6 pt 6 ps 0.8 title 'outside: class 0', \
         for [k=1:(i == 3)] keyentry with lines lt 1 title "a unit's line, w·x + b = 0"
}
unset multiplot
