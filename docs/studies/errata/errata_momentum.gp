set samples 30
set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.1
average = folder.'/average.csv'
set title "E10: Nesterov's momentum on ½(x₁² + 20x₂²)"
set xlabel 'step'
set ylabel 'distance from the minimum' offset 1,0
set logscale y
set format y '10^{%L}'
set xrange [0:200]
set yrange [1e-5:1e15]
set key top right
plot csv using 1:2 with lines lt 1 title 'gradient at x + ηβv', \
     csv using 1:3 with lines lt 2 dt 2 title 'printed: gradient at x + βv'
set title 'E14: how many gradients momentum adds up'
set xlabel 'momentum α'
set ylabel 'gradients added up' offset 1,0
unset logscale y
set format y '%g'
set xrange [0.4:1]
set yrange [0:22]
set key top left
plot average using 1:2 with points lt 1 pt 7 ps 1.1 title 'measured', \
     1/(1-x) with lines lt 1 title '1/(1-α)', \
     1/x with lines lt 2 dt 2 title 'printed: 1/α'
