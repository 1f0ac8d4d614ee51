set samples 100
set title '1 - 0.8 exp(-2x²) - 1.5 exp(-(x - 3)²)'
set xlabel 'x'
set ylabel 'f(x)'
set xrange [-5:5]
set yrange [-0.9:1.6]
set key bottom left Left reverse samplen 2
set label 'plateau' at -3.5,1.08 center
set label 'plateau' at 4.5,1.08 center
plot folder.'/curve.csv' using 1:2 with lines lt 1 title 'f', \
     folder.'/curve.csv' using ($1 > -0.3 && $1 < 2.3 ? $1 : NaN):3 with lines lt 2 dt 2 title 'tangent at 1', \
     csv using 1:2 with points lt 6 ps 0.9 title 'f'' = 0', \
     csv using ($2 < 0.5 ? $1 : $1 - 0.85):($2 < 0.5 ? $2 - 0.17 : $2 + 0.14):(sprintf('%s %.2f', strcol(3), $2)) with labels notitle
