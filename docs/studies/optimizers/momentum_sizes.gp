set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.1
of(name, m) = stringcolumn(1) eq name && abs(column(2) - m) < 1e-9 ? column(4) : NaN
set xlabel 'step'
set ylabel 'loss / loss at the start' offset 1,0
set logscale y
unset mytics
set format y '10^{%L}'
set xrange [0:400]
do for [k=1:2] {
    set title k == 1 ? 'a bowl, eigenvalues 0.001 to 1, γ = 0.05' : 'a network on two moons, γ = 0.02'
    set yrange [k == 1 ? 1e-4 : 0.01 : k == 1 ? 1000 : 10]
    plot for [i=1:5] csv using 3:(of(word('bowl network', k), real(word('0 0.5 0.9 0.95 0.99', i)))) with lines lt i dt i title 'α = '.word('0 0.5 0.9 0.95 0.99', i)
}
