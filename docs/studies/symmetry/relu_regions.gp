set multiplot layout 1,2 margins 0.07,0.985,0.22,0.9 spacing 0.1
unset grid
unset key
unset colorbox
set xlabel 'x₁'
set ylabel 'x₂' offset 1,0
set xrange [-3:3]
set yrange [-3:3]
set size ratio 1
set palette defined (0 '#ffffff', 1 '#4477aa', 2 '#ccbb44', 3 '#ee6677', 4 '#eeeeee', 5 '#228833', 6 '#bbbbbb', 7 '#66ccee')
set cbrange [0:7]
set label 1 'An area of one colour is one linear piece of the function; eight colours are used again and again.' at screen 0.5,0.035 center
set title 'one layer of 5 relu units'
plot folder.'/one.csv' using 1:2:(int(5*$3) % 8) with image
unset label
set title 'two layers of 5 relu units'
plot folder.'/two.csv' using 1:2:(int(5*$3) % 8) with image
