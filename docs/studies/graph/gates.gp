# One gate a panel: values above the wires, gradients below, all read from the table.
set multiplot layout 1,4 margins 0.015,0.985,0.04,0.8 spacing 0.015
unset border
unset tics
unset grid
unset key
set xrange [0:10]
set yrange [0:10]
titles = "'add distributes' 'mul swaps and multiplies' 'copy adds' 'max routes'"
symbols = '+ × • max'
rules = "'g and g' 'b g and a g' 'g₁ + g₂' 'g to the larger'"
do for [i=1:4] {
    set title word(titles, i) font ',15'
    unset label
    unset arrow
    if (i == 1) { set label 1 'Backward through four gates: values in black above the wires, gradients in red (italic) below' at screen 0.5,0.95 center font ',15' }
    set object 1 circle at 5.2,5 size 1.2 lw 2 fillcolor rgb '#dde6f0' fillstyle solid border rgb '#4477aa'
    set label 2 word(symbols, i) at 5.2,5 center font ',15' front
    set label 3 word(rules, i) at 5.2,0.6 center font ',14'
    if (i == 3) {
        set arrow from 0.4,5 to 4,5 lw 2 lc rgb '#444444'
        set arrow from 6.1,5.8 to 9.6,8 lw 2 lc rgb '#444444'
        set arrow from 6.1,4.2 to 9.6,2 lw 2 lc rgb '#444444'
        set label 4 'a' at 0.5,5.6
        plot csv every ::i::i using (2.4):(5.6):(stringcolumn(2)) with labels, '' every ::i::i using (7.4):(7.8):(stringcolumn(2)) with labels, \
             '' every ::i::i using (8.5):(3.7):(stringcolumn(2)) with labels, \
             '' every ::i::i using (2.2):(4.4):('{/:Italic '.stringcolumn(7).'}') with labels textcolor rgb '#cc3311', \
             '' every ::i::i using (8.6):(6.2):('{/:Italic '.stringcolumn(5).'}') with labels textcolor rgb '#cc3311', \
             '' every ::i::i using (7.1):(2.2):('{/:Italic '.stringcolumn(6).'}') with labels textcolor rgb '#cc3311'
    } else {
        set arrow from 0.4,8 to 4.3,5.8 lw 2 lc rgb '#444444'
        set arrow from 0.4,2 to 4.3,4.2 lw 2 lc rgb '#444444'
        set arrow from 6.4,5 to 9.8,5 lw 2 lc rgb '#444444'
        set label 4 'a' at 0.4,8.8
        set label 5 'b' at 0.4,1.2
        plot csv every ::i::i using (2.8):(7.7):(stringcolumn(2)) with labels, '' every ::i::i using (1.7):(3.8):(stringcolumn(3)) with labels, \
             '' every ::i::i using (8.0):(5.6):(stringcolumn(4)) with labels, \
             '' every ::i::i using (1.6):(6.2):('{/:Italic '.stringcolumn(7).'}') with labels textcolor rgb '#cc3311', \
             '' every ::i::i using (2.8):(2.2):('{/:Italic '.stringcolumn(8).'}') with labels textcolor rgb '#cc3311', \
             '' every ::i::i using (8.0):(4.4):('{/:Italic '.stringcolumn(5).'}') with labels textcolor rgb '#cc3311'
    }
}
unset multiplot
