/* The pieces of a relu network. y = v·relu(Wx - c) + b is linear where the signs of all units are fixed: in each region of the lines w_i·x = c_i it
   has one gradient, Wᵀ(v ⊙ code), so n units and 2 inputs give at most 1 + n + n(n - 1)/2 pieces, each with a gradient of its own. A second
   layer folds these pieces again: its units are no straight lines any more, and cut each piece into several.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Montúfar, Pascanu, Cho, Bengio: On the number of linear regions
   of deep neural networks, 2014. */
#include "../study.h"

#include <math.h>

#include "arrangement.h"

enum { UNITS = 5, MAX_PIECES = 400, GRID = 100 };

/* Distinct gradients, each of which is a piece. */
struct pieces {
    int n;
    double gradient[MAX_PIECES][2];
};

/* The number of the piece with this gradient, a new one if there is none within 1e-9. */
static int piece_of(struct pieces *pieces, const double *gradient)
{
    int i = 0;
    while (i < pieces->n && hypot(pieces->gradient[i][0] - gradient[0], pieces->gradient[i][1] - gradient[1]) > 1e-9)
        i++;
    if (i == pieces->n && i < MAX_PIECES) {
        pieces->gradient[i][0] = gradient[0];
        pieces->gradient[i][1] = gradient[1];
        pieces->n++;
    }
    return i;
}

/* The gradients of the network's output by its inputs, at n points. */
static bool gradients(const wg_nn_module *net, const double *points, int n, double *result)
{
    wg_tensor *x = wg_from(points, WG_SHAPE(n, 2));
    if (!x || !wg_set_requires_grad(x, true)) {
        wg_free(x);
        return false;
    }
    bool good = false;
    {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(wg_sum(wg_nn_apply(net, x)), x, .unused = WG_UNUSED_ZEROS);
        good = g && wg_read(g, result) == WG_OK;
    }
    wg_free(x);
    return good;
}

/* A network whose first layer has the lines as its units. Control: it has no activation. */
static wg_nn_module *make(const struct study_run *run, const struct arrangement *lines, bool deep)
{
    const int64_t sizes[] = {2, UNITS, UNITS, 1}, shallow[] = {2, UNITS, 1};
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){deep ? 4 : 3, deep ? sizes : shallow}), .dtype = WG_F64, .seed = run->seed,
                                  .activation = run->control ? WG_ACTIVATION_IDENTITY : WG_ACTIVATION_RELU);
    double w[UNITS][2], b[UNITS];
    for (int i = 0; i < UNITS; i++) {
        w[i][0] = lines->w[i][0];
        w[i][1] = lines->w[i][1];
        b[i] = -lines->c[i];
    }
    if (net && (wg_write(wg_nn_parameter(net, "0.weight"), *w) != WG_OK || wg_write(wg_nn_parameter(net, "0.bias"), b) != WG_OK)) {
        wg_nn_destroy(net);
        net = NULL;
    }
    return net;
}

/* The pieces of one layer, exactly: each has a corner of the lines. */
static bool count_corners(const wg_nn_module *net, const struct arrangement *lines, struct pieces *pieces)
{
    static double point[MAX_CORNER_POINTS][MAX_DIMENSION], x[MAX_CORNER_POINTS][2], g[MAX_CORNER_POINTS][2];
    const int n = corner_points(lines, point);
    for (int i = 0; i < n; i++) {
        x[i][0] = point[i][0];
        x[i][1] = point[i][1];
    }
    bool good = n > 0 && gradients(net, *x, n, *g);
    for (int i = 0; i < n && good; i++)
        (void)piece_of(pieces, g[i]);
    return good;
}

/* The pieces that a grid finds, at least so many as it has, and which one each of its points is in, as a matrix of numbers. */
static bool count_grid(struct study_run *run, const wg_nn_module *net, const char *part, struct pieces *pieces)
{
    static double x[GRID * GRID][2], g[GRID * GRID][2];
    for (int i = 0; i < GRID * GRID; i++) {
        x[i][0] = -3 + (i % GRID + 0.5) * 6 / GRID;
        x[i][1] = -3 + (i / GRID + 0.5) * 6 / GRID;
    }
    bool good = gradients(net, *x, GRID * GRID, *g) && study_table(run, part, "x1,x2,piece");
    for (int i = 0; i < GRID * GRID && good; i++)
        good = study_row(run, "%g,%g,%d", x[i][0], x[i][1], piece_of(pieces, g[i]));
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static struct pieces exact, one, two;
    struct arrangement lines;
    exact.n = one.n = two.n = 0;
    bool good = draw_arrangement(&lines, UNITS, 2, run->seed, false);
    wg_nn_module *shallow = make(run, &lines, false), *deep = make(run, &lines, true);
    good = good && shallow && deep && count_corners(shallow, &lines, &exact) && count_grid(run, shallow, "one", &one) &&
           count_grid(run, deep, "two", &two) && study_table(run, "relu_regions", "layers,pieces,method") &&
           study_row(run, "1,%d,corners", exact.n) && study_row(run, "1,%d,grid", one.n) && study_row(run, "2,%d,grid", two.n);
    study_claim(run, one.n <= exact.n, "one layer of %d units: a grid finds %d pieces, no more than the corners", UNITS, one.n);
    study_claim(run, run->control || two.n > one.n,
                "a second layer of %d units: the grid finds %d pieces, more than the %d of one layer", UNITS, two.n, one.n);
    study_decide_near(
        run, "linear pieces of a network of 2 inputs and one layer of 5 relu units, distinct gradients at the corners of its lines",
        exact.n, 1 + UNITS + UNITS * (UNITS - 1) / 2, 0);
    wg_nn_destroy(shallow);
    wg_nn_destroy(deep);
    return good;
}

const struct study study_relu_regions = {.name = "relu_regions", .control = "no activation", .run = run};
