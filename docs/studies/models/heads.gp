set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
descent = folder.'/descent.csv'
of(k, c) = $1 == k ? column(c) : NaN
set title 'gradient by the head’s input z, target 1'
set xlabel 'z'
set ylabel '∂loss/∂z' offset 1,0
set xrange [-6:6]
set yrange [-2.2:2.6]
set key top left samplen 3
plot csv using 1:2 with lines lt 3 dt 3 title 'identity, ½(z - t)²', \
     csv using 1:3 with lines lt 1 title 'sigmoid, cross entropy', \
     csv using 1:4 with lines lt 5 dt 4 title 'softmax, cross entropy', \
     csv using 1:5 with lines lt 2 dt 2 title 'sigmoid, squared error'
set title 'descent from the wrong side, z = -6'
set xlabel 'step'
set ylabel 'probability of the label' offset 1,0
set xrange [0:300]
set yrange [0:1.05]
set key center right samplen 4
plot descent using (of(0, 2)):3 with lines lt 1 title 'cross entropy', \
     descent using (of(1, 2)):3 with lines lt 2 dt 2 title 'squared error'
