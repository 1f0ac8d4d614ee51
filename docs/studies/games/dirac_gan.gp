set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.11
set xlabel 'critic ψ'
set ylabel 'generator θ' offset 1,0
set xrange [-1.6:1.6]
set yrange [-1.6:1.6]
set size ratio 1
unset grid
set title 'without a penalty: it circles'
plot folder.'/field_0.csv' using 2:3:4:5 with vectors size 0.05,25 lc '#aaaaaa' notitle, folder.'/path_0.csv' using 2:3 with lines lt 1 notitle
set title 'with R1, γ = 1: it converges'
plot folder.'/field_1.csv' using 2:3:4:5 with vectors size 0.05,25 lc '#aaaaaa' notitle, folder.'/path_1.csv' using 2:3 with lines lt 2 notitle
