set title 'a walk of six places: values of the policy "right"'
set xlabel 'place'
set ylabel 'value'
set xrange [-0.3:5.3]
set key top left
plot csv using 1:4 every 2 with lines lt 6 dt 2 title 'V(s), exact', \
     csv using ($2 == 1 ? $1 : NaN):3 with points lt 1 pt 6 ps 1.6 title 'Q(s, right), exact', \
     csv using ($2 == 0 ? $1 : NaN):3 with points lt 2 pt 4 ps 1.6 title 'Q(s, left), exact', \
     csv using ($2 == 1 ? $1 : NaN):5:(4.5*$6) with yerrorbars lt 1 pt 7 ps 0.6 title 'mean of Z, ± 4.5 standard errors', \
     csv using ($2 == 0 ? $1 : NaN):5:(4.5*$6) with yerrorbars lt 2 pt 7 ps 0.6 notitle
