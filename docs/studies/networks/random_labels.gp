set multiplot layout 1,2 margins 0.085,0.915,0.16,0.9 spacing 0.11
first = system("awk -F, 'NR==2 {print $2}' '".csv."'")
of(share) = $1 == share && $2 == first ? 100*$5 : NaN
shares = system("awk -F, 'NR>1 && !seen[$1]++ {printf \"%s \", $1}' '".csv."'")
set title 'training error, seed '.first
set xlabel 'epoch'
set ylabel 'wrong training images, %' offset 1,0
set yrange [-2:100]
set key top right title 'random labels, %'
plot for [i=1:words(shares)] csv every 3 using 3:(of(real(word(shares, i)))) with linespoints lt i pi 4 pt real(word("7 5 9 13 4", i)) title sprintf('%.0f', 100*real(word(shares, i)))
set title 'once every training image has its label'
set xlabel 'random labels, %'
set ylabel 'error on new images, %' offset 1,0
set y2label 'epochs that were needed' offset -1,0
set xrange [-5:105]
set y2range [0:*]
set y2tics
set border 11
set key bottom right notitle
plot folder.'/shares.csv' using (100*$1):(100*$2):(100*$3) with yerrorbars lt 2 notitle, '' using (100*$1):(100*$2) with linespoints lt 2 title 'error', \
     '' using (100*$1):4 axes x1y2 with linespoints lt 1 dt 2 pt 6 title 'epochs'
unset multiplot
