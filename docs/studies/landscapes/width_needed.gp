set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1
set title 'share of starts with Rₜ ≤ (1 - η)ᵗ R₀'
set xlabel 'width m'
set ylabel 'share' offset 1,0
set logscale x 2
set xrange [1.7:600]
set yrange [-0.03:1.08]
set key bottom right samplen 2
plot for [i=0:4] csv using ($1 == 4*2**i ? $2 : NaN):3 with linespoints lt i+1 dt i+1 title sprintf('n = %d', 4*2**i)
set title 'least width at which it holds for all starts'
set xlabel 'points n'
set ylabel 'width m' offset 1,0
set logscale y 2
set xrange [3.5:75]
set yrange [1.5:30000]
set key top right samplen 2
stats folder.'/least.csv' using 2 every ::1::1 nooutput
plot folder.'/least.csv' using 1:2 with linespoints lt 1 title 'least width', \
     x*STATS_mean/4 with lines lt 6 dt 3 lw 1 title 'proportional to n', STATS_mean*(x/4)**6 with lines lt 2 dt 2 title 'proportional to n⁶'
unset multiplot
