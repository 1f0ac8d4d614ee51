set multiplot layout 1,2 margins 0.09,0.985,0.16,0.8 spacing 0.11
set label 1 'Sizes of the gradients of the weights and biases of four layers of softplus' at screen 0.5,0.95 center font ',15'
of(l, c) = stringcolumn(1) eq 'softplus' && $2 == l ? abs(column(c)) : NaN
set logscale
unset mxtics
unset mytics
set format '10^{%L}'
set xrange [1e-5:10]
set yrange [1e-5:10]
set title 'δu = δx ⊙ σ′(u)'
set xlabel 'by the library'
set ylabel 'by the equations'
set key top left Left reverse
plot x with lines lt 6 dt 2 notitle, for [l=1:4] csv using (of(l, 4)):(abs($5)) with points lt l pt 2*l+3 ps 0.6 title sprintf('layer %d', l)
unset label 1
set title 'wrong: σ′ at the layer''s result instead of at u'
unset key
plot x with lines lt 6 dt 2 notitle, for [l=1:4] csv using (of(l, 4)):(abs($6)) with points lt l pt 2*l+3 ps 0.6
