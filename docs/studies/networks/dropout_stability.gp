set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
of(name) = stringcolumn(1) eq name
set xrange [0:5]
set xlabel 'corner of the path'
set xtics ('A' 0, '½A' 1, '½A' 2, '½B' 3, '½B' 4, 'B' 5)
set title 'training loss'
set ylabel 'cross-entropy' offset 1,0
set logscale y
set format y '10^{%L}'
set yrange [1e-4:10]
set key top right
plot csv using (of('line') ? 5*$2 : NaN):3 with lines lt 1 dt 2 title 'straight line', csv using (of('path') ? $2 : NaN):3 with linespoints lt 2 pi 12 title 'path of five pieces'
set title 'new images'
set ylabel 'wrong, %'
unset logscale y
set format y '%g'
set yrange [0:20]
plot csv using (of('line') ? 5*$2 : NaN):(100*$5) with lines lt 1 dt 2 title 'straight line', csv using (of('path') ? $2 : NaN):(100*$5) with linespoints lt 2 pi 12 title 'path of five pieces'
unset multiplot
