set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
set title "each weight of a network: Adam's step and signal to noise"
set xlabel 'ratio √(⟨g⟩^2/⟨g^2⟩) of the gradient over 600 batches'
set ylabel 'mean step, in units of the rate' offset 1,0
set logscale xy
set xrange [3e-3:1]
set yrange [3e-3:1]
set key top left Left reverse
plot csv every 3 using 1:2 with points lt 1 pt 6 ps 0.35 lw 1 title 'weights (a sixth of them)', x with lines lt 2 lw 1.5 title 'step = ratio'
unset logscale
set title 'how many weights have which ratio'
set xlabel 'ratio √(⟨g⟩^2/⟨g^2⟩)'
set ylabel 'weights'
set xrange [0:*]
set yrange [0:*]
set boxwidth 0.045
set style fill solid 0.4
unset key
plot csv using (floor($1/0.05)*0.05 + 0.025):(2) smooth frequency with boxes lt 1 lw 1
