set xrange [0:420]
set datafile missing NaN
set lmargin at screen 0.085
set rmargin at screen 0.985
set bmargin at screen 0.16
set tmargin at screen 0.9
array N[4] = ['everything', 'the output layer', 'γ and β', 'two weights of each channel']
array C[4] = ['everything: 75002', 'the output layer: 650', 'γ and β: 480', 'two random weights of each channel: 480']
set linetype 1 dt (8,3)
set linetype 2 dt (2,2)
set linetype 3 lw 3
set linetype 4 dt (5,2,1,2)
set title 'test accuracy, by what is trained and how many numbers that are; mean of the seeds'
set xlabel 'step'
set ylabel 'accuracy' offset 1,0
set yrange [0:1]
set key bottom right
plot for [i=1:4] csv using (strcol(1) eq N[i] ? $2 : NaN):3 smooth unique with linespoints lt i pt 2*i+3 ps 0.5 title C[i]
