/* Permutation symmetry. In y = w₃ᵀ tanh(W₂ tanh(W₁x + b₁) + b₂) + b₃ the hidden units of a layer have no order: with the rows of W₁ and b₁ and
   the columns of W₂ in another order the network is the same function, at another point of the parameters. So each minimum has
   n!ᵐ copies, for m hidden layers of n units. The loss is not convex: between two copies it must rise, unless it is flat there.

   Source: A. Risteski, 10707 Deep Learning, lecture 6 (CMU, 2021); W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

#include "relabel.h"

enum { N = 3, ORDERS = 6, COPIES = ORDERS * ORDERS, ROWS = 60, PARAMETERS = 2 * N + N + N * N + N + N + 1, POINTS = 11 };

static const int64_t order[ORDERS][N] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

struct data {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

/* The mean squared error and, so that the minimum is one point, weight decay. */
static wg_tensor *decayed_error(wg_tensor *const *params, size_t n, void *context)
{
    const struct data *data = context;
    wg_tensor *loss = wg_mse(wg_nn_apply(data->net, data->x), data->y);
    for (size_t i = 0; i < n; i++)
        loss = wg_add(loss, wg_mul_scalar(wg_sum_squares(params[i]), 1e-4));
    return loss;
}

/* The target, sin(3x₁) + x₁x₂, is none of the network's functions, so that the loss at the minimum is not 0. */
static wg_tensor *target(wg_tensor *x)
{
    WG_TAPE(tape);
    wg_tensor *x1 = wg_slice(x, 1, 0, 1, 1), *x2 = wg_slice(x, 1, 1, 2, 1);
    return wg_keep(wg_add(wg_sin(wg_mul_scalar(x1, 3)), wg_mul(x1, x2)));
}

static bool make(struct data *data, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    data->net = wg_nn_mlp(WG_SIZES(2, N, N, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = seed);
    data->x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 2), 0, 1);
    data->y = target(data->x);
    wg_free(generator);
    return data->net && data->y;
}

static bool minimize(struct data *data, wg_minimize_result *result)
{
    wg_minimizer *bfgs = wg_minimize_bfgs(wg_nn_parameters(data->net), .max_iterations = 3000);
    const bool good = bfgs && wg_minimize_run(bfgs, decayed_error, data, result) == WG_OK;
    wg_minimize_destroy(bfgs);
    return good;
}

/* Copy i of the minimum: the first hidden layer in the order i / ORDERS, the second in i % ORDERS. */
static bool take_copy(wg_nn_module *net, int i, bool outgoing, double *values)
{
    wg_tensor *first = wg_from(order[i / ORDERS], WG_SHAPE(N)), *second = wg_from(order[i % ORDERS], WG_SHAPE(N));
    wg_nn_module *copy = wg_nn_copy(net);
    const bool good = relabel(copy, 0, first, outgoing) && relabel(copy, 1, second, outgoing) && read_parameters(copy, values);
    wg_nn_destroy(copy);
    wg_free(first);
    wg_free(second);
    return good;
}

/* The loss on the straight line to a copy as rows of the table; line: the values. */
static bool walk(struct study_run *run, struct data *data, int i, const double *from, const double *to, double line[POINTS])
{
    double step[PARAMETERS];
    for (int k = 0; k < PARAMETERS; k++)
        step[k] = to[k] - from[k];
    wg_tensor *direction = wg_from(step, WG_SHAPE(PARAMETERS));
    const wg_study_loss loss = {decayed_error, data, wg_nn_parameters(data->net)};
    wg_tensor *table = wg_study_line(&loss, direction, .from = 0, .to = 1, .points = POINTS);
    const double *at = table ? wg_data(table) : NULL;
    bool good = at != NULL;
    for (int p = 0; p < POINTS && good; p++) {
        line[p] = at[2 * p + 1];
        good = study_row(run, "%d,%g,%.9g", i, at[2 * p], line[p]);
    }
    wg_free(table);
    wg_free(direction);
    return good;
}

static double distance(const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < PARAMETERS; k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(sum);
}

/* Control: the columns of the next layer stay in their order. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static double copy[COPIES][PARAMETERS];
    struct data data = {0};
    wg_minimize_result at;
    double change = 0, nearest = INFINITY, rise = INFINITY, line[POINTS];
    bool good = make(&data, run->seed) && minimize(&data, &at) && study_row(run, "copy,t,loss");
    for (int i = 0; i < COPIES && good; i++)
        good = take_copy(data.net, i, !run->control, copy[i]);
    for (int i = 1; i < COPIES && good; i++) {
        good = walk(run, &data, i, copy[0], copy[i], line);
        change = fmax(change, fabs(line[POINTS - 1] - line[0]));
        rise = fmin(rise, line[POINTS / 2] / line[0]);
        for (int j = 0; j < i; j++)
            nearest = fmin(nearest, distance(copy[i], copy[j]));
    }
    study_claim(run, at.gradient_norm <= 1e-5,
                "the network is at a stationary point: no element of the gradient is above %.1e, at most 1e-05", at.gradient_norm);
    study_claim(run, nearest > 0.1, "the copies are different points: the nearest two are %.2f apart, more than 0.1", nearest);
    study_decide(
        run, change <= 1e-12 && rise > 1,
        "all 3!² = %d relabelled copies of a minimum have its loss, %.4f: they differ by %.0e, at most 1e-12 (rounding); the average of the first "
        "with any other has at least %.1f times the loss, more than 1",
        COPIES, at.f, change, rise);
    wg_nn_destroy(data.net);
    wg_free(data.x);
    wg_free(data.y);
    return good;
}

const struct study study_relabelling = {
    .name = "relabelling", .control = "the order of incoming weights alone changed", .run = run};
