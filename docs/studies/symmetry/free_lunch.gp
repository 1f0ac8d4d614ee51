set title 'three bits: five labels seen, three predicted'
set ylabel 'share of right predictions'
set yrange [0:1]
set xrange [-0.6:1.6]
set xtics ('nearest neighbour' 0, 'network' 1)
set style fill solid 0.6 border
set boxwidth 0.3
set key top left
set arrow 1 from -0.6,0.5 to 1.6,0.5 nohead dt 2 lc rgb '#555555' front
set label 1 '1/2' at 1.5,0.53
plot csv using ($2 == 0 ? $1 - 0.2 : NaN):3 with boxes lt 6 title 'all 256 functions', \
     csv using ($2 == 1 ? $1 + 0.2 : NaN):3 with boxes lt 1 fs pattern 4 title 'the 104 functions of a threshold unit'
