set title 'return J of the policies u = -k (position + speed), and the tangents of the policy gradient'
set xlabel 'gain k'
set ylabel 'return J'
set xrange [0.2:4.1]
set key bottom right
d = 0.3
plot csv using 1:2 with lines lt 1 title 'J, closed form', \
     folder.'/tangents.csv' using ($1 - d):($2 - d*$3):(2*d):(2*d*$3) with vectors nohead lt 2 lw 2 title 'slope by ∇_aQ ∇_θμ', \
     folder.'/tangents.csv' using 1:2 with points lt 2 pt 7 ps 0.8 notitle
