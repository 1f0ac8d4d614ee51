set title 'A chain of stages: memory against operations, by the best plans of checkpoints'
set xlabel 'peak of values, without checkpoints: 1'
set ylabel 'operations, without checkpoints: 1'
set xrange [0:1.05]
set yrange [.98:*]
set key top right
plot csv using (stringcolumn(1) eq 'plan' ? $7 : NaN):(stringcolumn(1) eq 'plan' ? $8 : NaN) with linespoints lt 1 pt 7 title 'plans, as they ran', \
     csv using (stringcolumn(1) eq 'root' ? $7 : NaN):8 with points lt 2 pt 9 ps 1.6 title 'spans of √n stages'
