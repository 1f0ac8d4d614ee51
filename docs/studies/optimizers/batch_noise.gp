of(name) = stringcolumn(1) eq name ? column(3) : NaN
set title 'runs that are at a minimum, from the saddle''s stable line'
set xlabel 'step'
set ylabel 'share of 100 runs'
set xrange [0:300]
set yrange [-0.05:1.7]
names = 'perturbed batch batch_across full'
titles = '"noise from the unit circle added" "batches, noise in every direction" "batches, noise along the line" "the full gradient"'
plot for [i=1:4] csv using 2:(of(word(names, i))) every 2 with lines lt i dt i title word(titles, i)
