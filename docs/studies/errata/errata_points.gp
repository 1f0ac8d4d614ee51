set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.1
f(x, y) = (1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2
points = folder.'/points.csv'
set title "Beale's function: contours at 0.1, 0.5, 1, 3, 10, 30"
set xlabel 'x'
set ylabel 'y' offset 1,0
set xrange [1:4.2]
set yrange [-0.6:1]
set isosamples 36
set contour base
set cntrparam levels discrete 0.1,0.5,1,3,10,30
unset surface
set table $contours
splot f(x, y)
unset table
set key bottom left opaque
plot $contours using 1:2 '%lf %lf' with lines lc rgb '#bbbbbb' lw 1 notitle, \
     points every ::1::1 using 1:2 with points lt 2 pt 2 ps 1.4 lw 2 title 'printed: (3, 0), f = 2.95', \
     points every ::2::2 using 1:2 with points lt 1 pt 7 ps 1.2 title 'found by BFGS: (3, ½), f = 0'
set title 'along the axes of two saddles'
set xlabel 'distance from 0 along an axis'
set ylabel 'value'
set xrange [-1:1]
set yrange [-1:1.75]
set key top center
plot csv using 1:3 with lines lt 1 title 'y² along y: curvature 2', \
     csv using 1:(-$3) with lines lt 1 dt 2 title '-x² along x: curvature -2', \
     csv using 1:2 with lines lt 2 dt 4 title 'y⁴ along y: curvature 0', \
     csv using 1:(-$2) with lines lt 2 dt 3 title '-x⁴ along x: curvature 0'
