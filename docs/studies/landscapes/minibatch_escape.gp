set multiplot layout 1,4 margins 0.05,0.985,0.15,0.9 spacing 0.055
set xlabel 'w₁'
set ylabel 'w₂' offset 1.5,0
set xrange [-1.6:1.6]
set yrange [-1.6:1.6]
set xtics 1
set ytics 1
set contour base
set cntrparam levels discrete 1.5,2.5,3.9,5,8
unset surface
unset key
array title[3] = ['loss of all 64 points', 'of one minibatch of 8', 'of another minibatch']
array file[3] = ['all', 'batch1', 'batch2']
do for [i=1:3] {
    set table $c
    splot folder.'/'.file[i].'.csv' skip 1 using 1:2:3
    unset table
    set title title[i]
    plot $c using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1, \
         csv using (i == 1 && $1 > 0 ? $3 : NaN):4 with points lt 2 ps 0.3, \
         '+' using (0):(1) every 1000 with points lt 1 pt 2 ps 1.2 lw 3
}
set title 'distance from the saddle'
set xlabel 'step'
set ylabel '|w₁|' offset 1.5,0
set xrange [0:150]
set yrange [-0.05:1.3]
set xtics 50
set ytics 0.5
set key top left Left reverse samplen 1.2
plot csv using ($1 == 0 ? $2 : NaN):(abs($3)) with lines lt 1 title 'all points', \
     for [r=1:3] csv using ($1 == r ? $2 : NaN):(abs($3)) with lines lt 2 dt r lw 1.5 title (r == 1 ? 'minibatches' : '')
unset multiplot
