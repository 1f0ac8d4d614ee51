set multiplot layout 1,2 margins 0.085,0.985,0.16,0.9 spacing 0.11
names = 'SGD momentum AdaGrad RMSProp Adam'
rows(i) = "< awk -F, '$1 == \"".word(names, i)."\"' '".csv."'"
set logscale x
set format x '10^{%L}'
set xlabel 'rate'
set xrange [5e-5:300]
set xtics 1e-4, 10, 1
set title 'perplexity on new images, means of the seeds'
set ylabel 'exp of the mean cross-entropy' offset 1,0
set yrange [1.2:2]
set key top right
plot for [i=1:5] rows(i) using 2:6 smooth unique with linespoints lt i pt real(word('7 5 9 13 4', i)) title word(names, i)
set title 'errors on new images'
set ylabel 'wrong, %' offset 1,0
set yrange [4:20]
unset key
plot for [i=1:5] rows(i) using 2:7 with points lt i pt real(word('7 5 9 13 4', i)) ps 0.25, for [i=1:5] rows(i) using 2:7 smooth unique with linespoints lt i pt real(word('7 5 9 13 4', i))
unset multiplot
