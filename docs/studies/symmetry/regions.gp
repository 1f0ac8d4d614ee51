set multiplot
unset grid
planes = folder.'/planes.csv'
set title '4 points on a line: 5 regions'
set origin 0.02,0.68
set size 0.31,0.3
set border 1
set xlabel ''
unset ytics
set xrange [-3:3]
set yrange [-1:1]
plot planes using ($1 == 1 ? $6/$3 : NaN):(0) with points lt 2 pt 7 ps 1 notitle, 0 with lines lt 6 lw 1 notitle
set border 3
set title 'regions of n hyperplanes'
set origin 0,0
set size 0.33,0.68
set ytics
set xlabel 'hyperplanes n'
set xrange [0:5]
set yrange [0:32]
set key top left
set samples 20
plot 2**x with lines lt 6 dt 2 lw 1 title '2^n', \
     for [d=3:1:-1] csv using ($1 == d ? $2 : NaN):3 with linespoints lt d dt d pt 3+2*d ps 0.7 title sprintf('d = %d', d)
unset key
set title '4 lines: 11 regions and their codes'
set origin 0.33,0
set size 0.36,1
set xlabel 'x₁'
set ylabel 'x₂' offset 2,0
set xrange [-3:3]
set yrange [-3:3]
line(x, i) = (c[i] - w1[i]*x)/w2[i]
array w1[4]
array w2[4]
array c[4]
stats planes using ($1 == 2 ? (w1[$2+1] = $3, w2[$2+1] = $4, c[$2+1] = $6) : NaN) nooutput
set samples 2
# The codes of small regions stand in a list at the lower left, each with a line to its region.
labels = folder.'/labels.csv'
small(z) = $4 < 0 ? NaN : z
list(line) = line < 0 ? NaN : -1.6 - 0.4*line
set clip two
plot for [i=1:4] line(x, i) with lines lt i lw 2 dt i notitle, \
     labels using ($4 < 0 ? $2 : NaN):3:(sprintf('%04d', $1)) with labels font ',11' notitle, \
     labels using (small($2)):3 with points lc rgb '#222222' pt 7 ps 0.35 notitle, \
     labels using (small(-1.95)):(list($4)):($2 + 1.95):($3 - list($4)) with vectors nohead lc rgb '#666666' lw 0.7 notitle, \
     labels using (small(-2)):(list($4)):(sprintf('%04d', $1)) with labels right font ',11' notitle
array v1[3]
array v2[3]
array v3[3]
array e[3]
stats planes using ($1 == 3 ? (v1[$2+1] = $3, v2[$2+1] = $4, v3[$2+1] = $5, e[$2+1] = $6) : NaN) nooutput
r(i) = sqrt(v1[i]**2 + v2[i]**2)
l(i) = sqrt(r(i)**2 + v3[i]**2)
cx(a, b) = v2[a]*v3[b] - v3[a]*v2[b]
cy(a, b) = v3[a]*v1[b] - v1[a]*v3[b]
cz(a, b) = v1[a]*v2[b] - v2[a]*v1[b]
det = v1[1]*cx(2, 3) + v2[1]*cy(2, 3) + v3[1]*cz(2, 3)
X = (e[1]*cx(2, 3) + e[2]*cx(3, 1) + e[3]*cx(1, 2))/det
Y = (e[1]*cy(2, 3) + e[2]*cy(3, 1) + e[3]*cy(1, 2))/det
Z = (e[1]*cz(2, 3) + e[2]*cz(3, 1) + e[3]*cz(1, 2))/det
px(u, v, i) = X + u*v2[i]/r(i) + v*v1[i]*v3[i]/(r(i)*l(i))
py(u, v, i) = Y - u*v1[i]/r(i) + v*v2[i]*v3[i]/(r(i)*l(i))
pz(u, v, i) = Z - v*r(i)/l(i)
set parametric
set urange [-2.5:2.5]
set vrange [-2.5:2.5]
set title '3 planes: 8 regions'
set origin 0.68,0
set size 0.32,1
set xrange [*:*]
set yrange [*:*]
set zrange [*:*]
set xlabel 'x₁'
set ylabel 'x₂'
set zlabel 'x₃'
set xyplane 0
set isosamples 6,6
set samples 6
set border 31
set xtics 4 offset 0.5,-0.3
set ytics 4 offset 0,-0.3
set ztics 4
set view 60,110
unset grid
set xlabel 'x₁' offset -2,0
splot for [i=1:3] px(u, v, i), py(u, v, i), pz(u, v, i) with lines lt i lw 1 notitle
