/* Two spirals, one inside the other, are told apart by a small network (Lang, Witbrock, 1988), and a picture shows where it draws the
   line.

   usage: spirals [--steps N] [--seed N] [--picture FILE.png]

   The picture is drawn by gnuplot: the probability of the second spiral at each place, and the points that were learned. */
#include <math.h>
#include <stdint.h>

#include <wengert.h>

#include "options.h"

enum { POINTS = 200, FRESH = 2000, SIDE = 121 };
static const double turns = 1.75, noise = 0.08, edge = 1.2;

/* Points x (n,2), one after the other of the two spirals, with noise, and which of them each is of, y (n,1). */
static void make_spirals(int64_t n, wg_tensor **x, wg_tensor **y)
{
    *x = wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(n, 2), 0, noise / 2);
    *y = wg_zeros(WG_F32, WG_SHAPE(n, 1));
    float *at = *x ? wg_data_mut(*x) : NULL, *of = *y ? wg_data_mut(*y) : NULL;
    for (int64_t i = 0; at && of && i < n; i++) {
        const double radius = sqrt((double)(i / 2 * 2 + 1) / (double)n), angle = 2 * M_PI * turns * radius + M_PI * (double)(i % 2);
        at[2 * i] += (float)(radius * cos(angle));
        at[2 * i + 1] += (float)(radius * sin(angle));
        of[i] = (float)(i % 2);
    }
}

/* The share of points that lie on the right side. */
static double accuracy(const wg_nn_module *net, wg_tensor *x, wg_tensor *y)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *second = wg_gt(wg_nn_apply(net, x), wg_scalar(WG_F32, 0));
    return wg_item(wg_mean(wg_cast(wg_eq(wg_cast(second, WG_F32), y), WG_F64)));
}

static wg_status train(const wg_nn_module *net, wg_tensor *x, wg_tensor *y, long steps)
{
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = 0.01);
    wg_status status = wg_error_if_null(adam);
    for (long step = 1; step <= steps && status == WG_OK; step++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_bce_with_logits(wg_nn_apply(net, x), y);
        if (step % 100 == 0)
            printf("step %4ld  loss %.9g  accuracy %.4f\n", step, wg_item(loss), accuracy(net, x, y));
        status = wg_backward(loss);
        if (status == WG_OK)
            status = wg_optim_step(adam);
    }
    wg_optim_destroy(adam);
    return status;
}

static wg_status draw(const wg_nn_module *net, wg_tensor *points, const char *path)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    float at[SIDE * SIDE][2];
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int k = 0; k < 2; k++)
            at[i][k] = (float)(edge * (2.0 * (k == 0 ? i % SIDE : i / SIDE) / (SIDE - 1) - 1));
    const wg_tensor *p = wg_sigmoid(wg_nn_apply(net, wg_from(&at[0][0], WG_SHAPE(SIDE * SIDE, 2))));
    const float *probability = wg_data(p), *point = wg_data(points);
    FILE *gnuplot = probability && point ? popen("gnuplot", "w") : NULL;
    if (!gnuplot)
        return wg_error_set(WG_E_IO, "spirals", "spirals: gnuplot cannot be started");
    fprintf(gnuplot, "set terminal pngcairo size 560,560; set output '%s'; set size ratio -1; unset colorbox; set cbrange [0:1]\n",
            path);
    fprintf(gnuplot, "set palette defined (0 '#92c5de', 0.5 '#ffffff', 1 '#f4a582'); set xrange [%g:%g]; set yrange [%g:%g]\n",
            -edge, edge, -edge, edge);
    fprintf(gnuplot, "plot '-' with image notitle, '-' with points pt 7 ps 0.7 lc rgb '#0571b0' notitle, "
                     "'-' with points pt 7 ps 0.7 lc rgb '#ca0020' notitle\n");
    for (int i = 0; i < SIDE * SIDE; i++)
        fprintf(gnuplot, "%g %g %g\n", (double)at[i][0], (double)at[i][1], (double)probability[i]);
    for (int spiral = 0; spiral < 2; spiral++) {
        fprintf(gnuplot, "e\n");
        for (int i = spiral; i < POINTS; i += 2)
            fprintf(gnuplot, "%g %g\n", (double)point[2 * i], (double)point[2 * i + 1]);
    }
    fprintf(gnuplot, "e\n");
    return pclose(gnuplot) == 0 ? WG_OK
                                : wg_error_set(WG_E_IO, "spirals", "spirals: gnuplot did not draw: apt-get install gnuplot-nox");
}

int main(int argc, char **argv)
{
    const char *picture = NULL;
    long steps = 1000, seed = 0;
    wg_tensor *x, *y, *fresh_x, *fresh_y;
    (void)argc;
    read_options(argv, (const struct option[]){{"--steps", "of training", &steps, NULL},
                                               {"--seed", "of points and weights", &seed, NULL},
                                               {"--picture", "where the picture goes", NULL, &picture},
                                               {NULL, NULL, NULL, NULL}});
    wg_status status = wg_seed((uint64_t)seed, 0);
    make_spirals(POINTS, &x, &y), make_spirals(FRESH, &fresh_x, &fresh_y);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 32, 32, 1), .activation = WG_ACTIVATION_TANH);
    if (status == WG_OK)
        status = train(net, x, y, steps);
    if (status == WG_OK)
        printf("accuracy on %d other points %.4f\n", FRESH, accuracy(net, fresh_x, fresh_y));
    if (status == WG_OK && picture)
        status = draw(net, x, picture);
    wg_nn_destroy(net), wg_free(x), wg_free(y), wg_free(fresh_x), wg_free(fresh_y);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
