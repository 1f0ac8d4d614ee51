set multiplot layout 1,4 margins 0.04,0.99,0.1,0.8 spacing 0.025
set label 1 'a flag x (dotted), its image y = Wx (solid), and a gradient δy that comes back as δx = Wᵀδy' at screen 0.5,0.9 center font ',15'
names = 'rotation scaling reflection product'
titles = "'rotation R(30°)' 'scaling diag(1.5, 0.5)' 'reflection diag(1, -1)' 'R(30°) diag(1.5, -0.5) R(45°)'"
set size ratio -1
set xrange [-1.9:1.7]
set yrange [-1.7:1.9]
set xtics 1
set ytics 1
unset key
of(i, shape, c) = stringcolumn(1) eq word(names, i) && stringcolumn(2) eq shape ? column(c) : NaN
top(i, c) = stringcolumn(1) eq word(names, i) && stringcolumn(2) eq 'flag' && $3 == 0 && $4 == 1 ? column(c) : NaN
do for [i=1:4] {
    set title word(titles, i)
    if (i == 2) { unset label 1 }
    plot csv using (of(i, 'circle', 3)):4 with lines lt 6 lw 1 dt 3, csv using (of(i, 'flag', 3)):4 with lines lt 6 dt 3, \
         csv using (of(i, 'circle', 5)):6 with lines lt 1 lw 1, csv using (of(i, 'flag', 5)):6 with lines lt 1 lw 3, \
         csv using (top(i, 5)):6:(-0.5):(0.5) with vectors lt 2 lw 2.5, csv using (top(i, 5) - 0.72):($6 + 0.5):('δy') with labels, \
         csv using (top(i, 3)):4:7:8 with vectors lt 3 lw 2.5, csv using (top(i, 3) + $7 - 0.22):($4 + $8):('δx') with labels
}
unset multiplot
