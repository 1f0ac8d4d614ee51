/* A small network classifies the points of three spirals, one inside the other, and a picture shows its decision boundaries.

   usage: spirals [--steps N] [--seed N] [--picture FILE.png]

   The picture is drawn by gnuplot: at each place the colours of the three classes, mixed by their probabilities, and the points that
   were learned. */
#include <stdint.h>

#include <wengert.h>

#include "options.h"

enum { POINTS = 600, FRESH = 3000, CLASSES = 3, SIDE = 151 };
static const double turns = 1.25, noise = 0.025, edge = 1.15;
static const int colour[CLASSES][3] = {{27, 110, 194}, {222, 107, 24}, {44, 140, 68}}; /* red, green, blue, 0 to 255 */

/* The share of points whose class has the largest logit. */
static double accuracy(const wg_nn_module *net, wg_tensor *x, wg_tensor *y)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *guess = wg_argmax(wg_nn_apply(net, x), .axis = 1);
    return wg_item(wg_mean(wg_cast(wg_eq(guess, y), WG_F64)));
}

static wg_status train(const wg_nn_module *net, wg_tensor *x, wg_tensor *y, long steps)
{
    wg_optim *adam = wg_optim_adamw(wg_nn_parameters(net), .lr = 0.01, .weight_decay = 0.1);
    wg_status status = wg_error_if_null(adam);
    for (long step = 1; step <= steps && status == WG_OK; step++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), y);
        if (step % 100 == 0)
            printf("step %4ld  loss %.9g  accuracy %.4f\n", step, wg_item(loss), accuracy(net, x, y));
        status = wg_backward(loss);
        if (status == WG_OK)
            status = wg_optim_step(adam);
    }
    wg_optim_destroy(adam);
    return status;
}

/* A line of a place and its colour, the classes' mixed by their shares, and lightened by white. */
static void write_place(FILE *gnuplot, const float *at, const float *share, double white)
{
    double mixed[3] = {0, 0, 0};
    for (int k = 0; k < CLASSES * 3; k++)
        mixed[k % 3] += (double)share[k / 3] * (white * 255 + (1 - white) * colour[k / 3][k % 3]);
    fprintf(gnuplot, "%g %g %.0f %.0f %.0f\n", (double)at[0], (double)at[1], mixed[0], mixed[1], mixed[2]);
}

static wg_status draw(const wg_nn_module *net, wg_tensor *points, wg_tensor *classes, const char *path)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    float place[SIDE * SIDE][2];
    for (int i = 0; i < SIDE * SIDE; i++) {
        place[i][0] = (float)(edge * (2.0 * (i % SIDE) / (SIDE - 1) - 1));
        place[i][1] = (float)(edge * (2.0 * (i / SIDE) / (SIDE - 1) - 1));
    }
    wg_tensor *p = wg_softmax(wg_nn_apply(net, wg_from(&place[0][0], WG_SHAPE(SIDE * SIDE, 2))));
    const float *share = wg_data(p), *point = wg_data(points), *class = wg_data(wg_one_hot(classes, CLASSES, WG_F32));
    FILE *gnuplot = share && point && class ? popen("gnuplot", "w") : NULL;
    if (!gnuplot)
        return wg_error_set(WG_E_IO, "spirals", "spirals: gnuplot cannot be started");
    fprintf(
        gnuplot,
        "set terminal pngcairo size 560,560; set output '%s'; set size ratio -1; set margins 0,0,0,0; unset tics; unset border\n"
        "set xrange [%g:%g]; set yrange [%g:%g]; rgb(r, g, b) = int(r) * 65536 + int(g) * 256 + int(b)\n"
        "plot '-' with rgbimage notitle, '-' using 1:2:(rgb($3, $4, $5)) with points pt 7 ps 0.8 lc rgb variable notitle\n",
        path, -edge, edge, -edge, edge);
    for (int i = 0; i < SIDE * SIDE; i++)
        write_place(gnuplot, place[i], share + i * CLASSES, 0.6);
    fprintf(gnuplot, "e\n");
    for (int i = 0; i < POINTS; i++)
        write_place(gnuplot, point + 2 * i, class + i * CLASSES, 0);
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
    const uint64_t first = 2 * (uint64_t)seed;
    if (wg_seed((uint64_t)seed, 0) != WG_OK ||
        wg_dataset_make_spirals(&x, &y, .rows = POINTS, .classes = CLASSES, .turns = turns, .noise = noise, .seed = first) !=
            WG_OK ||
        wg_dataset_make_spirals(&fresh_x, &fresh_y, .rows = FRESH, .classes = CLASSES, .turns = turns, .noise = noise,
                                .seed = first + 1) != WG_OK)
        return wg_error_report(stderr);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 32, 32, CLASSES), .activation = WG_ACTIVATION_TANH);
    wg_status status = train(net, x, y, steps);
    if (status == WG_OK)
        printf("accuracy on %d other points %.4f\n", FRESH, accuracy(net, fresh_x, fresh_y));
    if (status == WG_OK && picture)
        status = draw(net, x, y, picture);
    wg_nn_destroy(net), wg_free(x), wg_free(y), wg_free(fresh_x), wg_free(fresh_y);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
