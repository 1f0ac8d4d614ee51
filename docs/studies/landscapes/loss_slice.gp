set multiplot layout 1,2 margins 0.07,0.985,0.15,0.9 spacing 0.1
set xlabel 'first direction, s'
set ylabel 'second direction, t' offset 1,0
set xrange [-1:1]
set yrange [-1:1]
set contour base
set cntrparam levels auto 14
set style textbox opaque noborder
unset surface
do for [name in 'start trained'] {
    set table $contours
    splot folder.'/'.name.'.csv' skip 1 using 1:2:3
    unset table
    set datafile separator whitespace
    set title (name eq 'start' ? 'contours of the loss before training' : 'contours of the loss after 300 steps')
    unset key
    plot $contours using 1:2 with lines lt 1 lw 1.2, $contours using 1:2:(sprintf('%.3g', $3)) every 25::8 with labels boxed font ',10' tc rgb '#4477aa', '+' using (0):(0) every 1000 with points lt 2 pt 2 ps 1.2 lw 2
    set datafile separator ','
}
unset multiplot
