set samples 30
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.9 spacing 0.1
set title 'mean of ReLU(z), z of N(0, s²)'
set xlabel 's'
set ylabel 'mean' offset 1,0
set xrange [0:4.3]
set yrange [-0.1:1.8]
set key top left
plot csv using 1:2 with points lt 1 pt 7 ps 1 title 'measured', \
     x/sqrt(2*pi) with lines lt 1 title 's/√(2π)', \
     0 with lines lt 2 dt 2 title 'printed: 0'
set title 'variance of w₁x₁ + … + w₈x₈, xᵢ of N(0, 1)'
set xlabel 'Σ wᵢ²'
set ylabel 'variance' offset 1,0
set xrange [0:17]
set yrange [0:17]
plot csv using ($1**2):4 with points lt 1 pt 7 ps 1 title 'measured', \
     x with lines lt 1 title 'Σ wᵢ²', \
     sqrt(x) with lines lt 2 dt 2 title 'printed: √(Σ wᵢ²)'
