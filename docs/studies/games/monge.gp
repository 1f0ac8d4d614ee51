set multiplot layout 1,2 margins 0.095,0.985,0.16,0.9 spacing 0.11
set title 'one atom onto two: only a plan splits it'
set ytics ('to' 0, 'from' 1)
set ylabel 'measure'
set xlabel 'place'
set xrange [-1.5:1.5]
set yrange [-0.3:1.3]
set label 1 'weight 1' at 0,1.12 center
set label 2 '1/2' at -1,-0.12 center
set label 3 '1/2' at 1,-0.12 center
set arrow 1 from 0,1 to -1,0 lt 6 lw 4
set arrow 2 from 0,1 to 1,0 lt 6 lw 4
$atoms << EOD
0,1,3
-1,0,2
1,0,2
EOD
plot $atoms using 1:2:3 with points lt 1 pt 7 ps variable notitle
unset label
unset arrow
set ytics auto
set title '5 points onto 5: the 120 maps'
set xlabel 'work of the map'
set ylabel 'share of the maps with at most this work'
set xrange [*:*]
set yrange [0:1]
set key top left
stats folder.'/maps.csv' using 2 nooutput
set arrow 1 from STATS_min,0 to STATS_min,1 nohead lt 2 dt 2 lw 2
set label 1 ' work of the best plan' at STATS_min,0.6 textcolor rgb '#ee6677'
plot folder.'/maps.csv' using 1:(1.0/120) smooth cumulative with lines lt 1 notitle
