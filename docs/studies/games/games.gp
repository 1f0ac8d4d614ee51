set datafile missing NaN
set multiplot layout 1,4 margins 0.04,0.99,0.14,0.86 spacing 0.05
names = "simultaneous alternating extragradient optimistic"
of(name, c) = stringcolumn(1) eq name ? column(c) : NaN
set title 'xy: (x, y), η = 0.1'
set xrange [-2.6:2.6]; set yrange [-2.6:2.6]; set xtics 2; set ytics 2
plot for [i=1:4] csv using (of(word(names, i).' 0.1', 3)):4 with lines lt i notitle
set title '|z| by step'
set xrange [0:100]; set yrange [0.5:8]; set xtics 50; set ytics 1; set logscale y
set key top left Left reverse samplen 1.5
plot for [i=1:4] csv using (of(word(names, i).' 0.1', 2)):5 with lines lt i title word(names, i)
unset logscale y
set xrange [-1.6:1.6]; set yrange [-1.6:1.6]; set xtics 1; set ytics 1
set title 'Dirac-GAN: (ψ, θ)'
plot csv using (of('field 0', 3)):4:5:6 with vectors lc '#bbbbbb' notitle, csv using (of('dirac 0', 3)):4 with lines lt 1 notitle
set title 'with R1, γ = 1'
plot csv using (of('field 1', 3)):4:5:6 with vectors lc '#bbbbbb' notitle, csv using (of('dirac 1', 3)):4 with lines lt 2 notitle
unset multiplot
