/* The critical points of a small network: index against loss. Descent ends in minima alone. The points where the gradient is 0, of any kind,
   are the zeros of ‖∇L‖², which the method of Levenberg and Marquardt finds with ∇L as residuals, here from points along descents. If
   saddles are many and bad minima few, as Dauphin and others hold, then points of high loss have many negative eigenvalues and those of low
   loss few: index and loss rise together.

   The hypothesis is in J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), after Dauphin, Pascanu, Gulcehre, Cho, Ganguli, Bengio:
   Identifying and attacking the saddle point problem in high-dimensional non-convex optimization, 2014. */
#include "../study.h"

#include <math.h>

enum { IN = 2, UNITS = 5, ROWS = 30, PARAMS = 3, STARTS = 60 };

struct problem {
    wg_tensor *x, *y;
};

/* Mean squared error of W₂ tanh(W₁x + b), with a small penalty that keeps critical points apart. */
static wg_tensor *network_loss(wg_tensor *const *w, size_t n, void *context)
{
    const struct problem *of = context;
    wg_tensor *hidden = wg_tanh(wg_linear(of->x, w[0], w[1])),
              *loss = wg_mean(wg_square(wg_sub(wg_linear(hidden, w[2], WG_NONE), of->y)));
    for (size_t i = 0; i < n; i++)
        loss = wg_add(loss, wg_mul_scalar(wg_sum_squares(w[i]), 1e-2));
    return loss;
}

/* ∇L, as residuals. */
static wg_tensor *gradient(wg_tensor *const *w, size_t n, void *context)
{
    wg_tensor *g[PARAMS];
    for (size_t i = 0; i < n; i++)
        g[i] = NULL;
    if (wg_vjp(network_loss, context, w, n, WG_NONE, NULL, g) != WG_OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        g[i] = wg_reshape(g[i], WG_SHAPE(-1));
    return wg_concat(g, n, 0);
}

/* A critical point near where so many steps of descent from random weights lead: false on failure; point->kind says whether one was found. */
static bool find(struct problem *of, wg_tensor *generator, int64_t steps, wg_study_point *point)
{
    wg_tensor *w[PARAMS] = {wg_normal(generator, WG_F64, WG_SHAPE(UNITS, IN), 0, 1),
                            wg_normal(generator, WG_F64, WG_SHAPE(UNITS), 0, 1),
                            wg_normal(generator, WG_F64, WG_SHAPE(1, UNITS), 0, 1)};
    bool good = true;
    for (int i = 0; i < PARAMS; i++)
        good = w[i] && wg_set_requires_grad(w[i], true) && good;
    const wg_tensor_list params = {PARAMS, w, NULL};
    wg_minimizer *descent = good ? wg_minimize_bfgs(params, .max_iterations = steps) : NULL;
    good = descent && wg_minimize_run(descent, network_loss, of, NULL) == WG_OK;
    wg_minimize_destroy(descent);
    wg_minimizer *marquardt = good ? wg_minimize_levenberg_marquardt(params, .max_iterations = 100, .scaled = false,
                                                                     .gradient_tolerance = 1e-11)
                                   : NULL;
    good = marquardt && wg_minimize_run(marquardt, gradient, of, NULL) == WG_OK &&
           wg_study_classify((&(wg_study_loss){network_loss, of, params}), point, .gradient = 1e-7) == WG_OK;
    wg_minimize_destroy(marquardt);
    for (int i = 0; i < PARAMS; i++)
        wg_free(w[i]);
    return good;
}

/* Pearson's correlation. */
static double correlation(const double *x, const double *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - study_mean(x, n)) * (y[i] - study_mean(y, n));
    return sum / ((n - 1) * study_deviation(x, n) * study_deviation(y, n));
}

/* Control: each index stands beside the loss of another point. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double loss[STARTS], index[STARTS], lowest = INFINITY, worst = 0;
    int found = 0, minima = 0;
    wg_tensor *generator = wg_generator(run->seed, 0);
    struct problem of = {0};
    if (generator) {
        WG_TAPE(tape);
        wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, IN), 0, 1);
        of = (struct problem){.x = wg_keep(x), .y = wg_keep(wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 1), 0, 1))};
    }
    bool good = of.x && of.y && study_row(run, "loss,index,gradient,kind");
    for (int start = 0; start < STARTS && good; start++) {
        wg_study_point point;
        good = find(&of, generator, start * 53 % 60, &point);
        if (!good || point.kind == WG_STUDY_NOT_STATIONARY)
            continue;
        loss[found] = point.loss, index[found++] = (double)point.negative;
        lowest = fmin(lowest, point.loss);
        minima += point.negative == 0;
        worst = point.negative == 0 ? fmax(worst, point.loss) : worst;
        good = study_row(run, "%.6g,%d,%.2g,%s", point.loss, (int)point.negative, point.gradient_norm,
                         wg_study_kind_name(point.kind));
    }
    wg_free(of.x), wg_free(of.y), wg_free(generator);
    if (!good || found < 10)
        return good && study_claim(run, false, "%d critical points found, too few", found);
    if (run->control)
        for (int i = 0; i < found / 2; i++) {
            const double other = index[i];
            index[i] = index[found - 1 - i], index[found - 1 - i] = other;
        }
    study_claim(run, minima < found / 2, "of %d critical points found %d are minima, fewer than half", found, minima);
    study_decide(
        run, correlation(loss, index, found) > 0.6,
        "%d critical points of a network with %d parameters: index and loss have the correlation %.2f, expected above 0.6; %d are minima, of losses from %.3f to %.3f",
        found, UNITS * (IN + 2), correlation(loss, index, found), minima, lowest, worst);
    return true;
}

const struct study study_critical_points = {
    .name = "critical_points", .control = "each index beside the loss of another point", .run = run};
