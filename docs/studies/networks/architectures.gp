set title 'networks trained alike: each circle is one, bars are means'
set ylabel 'right new images, %'
set bmargin 4
layers = '1 3 5 11'
rows(i) = "< awk -F, '$2 == ".word(layers, i)."' '".csv."'"
set xrange [0.4:4.6]
lowest = real(system("awk -F, 'NR > 1 && (!m || $6 < m) {m = $6} END {print m}' '".csv."'"))
set yrange [floor(lowest) - 2:100]
set xtics scale 0
unset key
do for [i=1:4] { parameters = system("awk -F, '$2 == ".word(layers, i)." {print $3; exit}' '".csv."'")
  set label i parameters.' parameters' at i, graph 0.04 center front font ',11' textcolor rgb '#222222' }
set xtics ("linear\n1 layer" 1, "fully connected\n3 layers" 2, "convolutional\n5 layers" 3, "convolutional\n11 layers" 4)
set boxwidth 0.6
set style fill solid 0.35 border
plot for [i=1:4] rows(i) using (i):6 smooth unique with boxes lt i, for [i=1:4] rows(i) using (i):6 with points lt 6 pt 6 ps 0.9
