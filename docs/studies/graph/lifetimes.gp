set title 'LeNet on 64 images: memory after each op of a step of Adam'
set xlabel 'op, in the order in which they ran'
set ylabel 'MiB in use'
M = 1024.0**2
set yrange [0:6]
set style fill solid 0.55
set key top left Left reverse spacing 1.15
plot csv using 0:(($4+$5)/M):(($4+$5+$6)/M) with filledcurves lt 2 title 'values of backward and of the update', \
     csv using 0:($4/M):(($4+$5)/M) with filledcurves lt 1 title 'values of forward', \
     csv using 0:($4/M) with filledcurves y=0 lt 6 title 'parameters, Adam''s moments, input, records', \
     csv using 0:($3/M) with points lc rgb '#222222' pt 7 ps 0.4 title 'counted by the allocator', \
     csv using 0:($7/M) with lines lc rgb '#222222' dt 2 title 'if each value died at its last use'
