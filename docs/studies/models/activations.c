/* Ten activations, each with its derivative. What a deck asks of them: differentiable almost everywhere, a derivative that is not 0,
   cheap. Counted are the points where the derivative jumps, the share of -5 … 5 where it is below 0.01 in size, and how many arithmetic
   operations the activation takes for an element.

   The list is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), and V. Cevher, Mathematics of Data (EPFL, 2019), lecture
   7. */
#include "../study.h"

#include <math.h>

enum { POINTS = 201, KINDS = 11 };

static wg_tensor *leaky_tenth(wg_tensor *x)
{
    return wg_leaky_relu(x, .slope = 0.1);
}

static wg_tensor *leaky_hundredth(wg_tensor *x)
{
    return wg_leaky_relu(x, .slope = 0.01);
}

static wg_tensor *elu(wg_tensor *x)
{
    return wg_elu(x);
}

/* The first of softmax(x, 0, 1). */
static wg_tensor *softmax(wg_tensor *x)
{
    wg_tensor *zero = wg_mul_scalar(x, 0), *scores[] = {x, zero, wg_add_scalar(zero, 1)};
    return wg_select(wg_softmax(wg_stack(scores, 3, 1)), 1, 0);
}

/* max(-x - 2, 0.2x, x - 1): three pieces, whose weights a maxout layer would learn. */
static wg_tensor *maxout(wg_tensor *x)
{
    wg_tensor *pieces[] = {wg_add_scalar(wg_neg(x), -2), wg_mul_scalar(x, 0.2), wg_add_scalar(x, -1)};
    return wg_squeeze(wg_maxout(wg_stack(pieces, 3, 1), 1, 3), 1);
}

static double sigma(double x)
{
    return 1 / (1 + exp(-x));
}

/* What each derivative is by hand. */
static double slope(int kind, double x)
{
    const double t = tanh(x), s = sigma(x), e = exp(x), p = e / (e + 1 + M_E);
    const double by_kind[KINDS] = {1,
                                   s * (1 - s),
                                   1 - t * t,
                                   x > 0,
                                   x > 0 ? 1 : 0.1,
                                   x > 0 ? 1 : 0.01,
                                   x > 0 ? 1 : e,
                                   0,
                                   (x > 0) - (x < 0),
                                   x < -5.0 / 3 ? -1
                                   : x < 1.25   ? 0.2
                                                : 1,
                                   p * (1 - p)};
    return by_kind[kind];
}

static const struct activation {
    const char *name;
    wg_tensor *(*apply)(wg_tensor *x);
} activations[KINDS] = {{"identity", wg_copy}, {"sigmoid", wg_sigmoid},    {"tanh", wg_tanh},
                        {"ReLU", wg_relu},     {"leaky 0.1", leaky_tenth}, {"leaky 0.01", leaky_hundredth},
                        {"ELU", elu},          {"sign", wg_sign},          {"abs", wg_abs},
                        {"maxout", maxout},    {"softmax", softmax}};

/* y and dy/dx at POINTS points of -5 … 5; operations: of forward, an element. */
static bool measure(int kind, const double *at, double *y, double *dy, double *operations)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_from(at, WG_SHAPE(POINTS)), true);
    wg_tensor *out = activations[kind].apply(x);
    wg_cost_table *cost = wg_cost_of(tape);
    *operations = cost ? wg_cost_operations(cost->section[0].sum[WG_COST_FORWARD].cost) / POINTS : (double)NAN;
    wg_cost_destroy(cost);
    return out && wg_read(out, y) == WG_OK && wg_read(wg_grad(wg_sum(out), x), dy) == WG_OK && !isnan(*operations);
}

/* Control: σ in the place of σ(1 - σ), a mistake that is often made. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double at[POINTS], y[POINTS], dy[POINTS], worst = 0, operations[KINDS];
    bool good = study_row(run, "name,x,y,slope");
    int kinks[KINDS] = {0}, flat[KINDS] = {0};
    for (int i = 0; i < POINTS; i++)
        at[i] = (i - POINTS / 2 + 0.5) / 20; /* between the kinks */
    for (int kind = 0; kind < KINDS && good; kind++) {
        good = measure(kind, at, y, dy, &operations[kind]);
        for (int i = 0; i < POINTS && good; i++) {
            worst = fmax(worst, fabs(dy[i] - (run->control && kind == 1 ? sigma(at[i]) : slope(kind, at[i]))));
            kinks[kind] += i > 0 && (fabs(dy[i] - dy[i - 1]) > 0.1 || fabs(y[i] - y[i - 1]) > 1);
            flat[kind] += fabs(dy[i]) < 0.01;
            good = i % 5 || study_row(run, "%s,%g,%.5g,%.5g", activations[kind].name, at[i], y[i], dy[i]);
        }
    }
    good = good && study_table(run, "desiderata", "name,kinks,flat,operations");
    for (int kind = 0; kind < KINDS && good; kind++)
        good = study_row(run, "%s,%d,%.3f,%g", activations[kind].name, kinks[kind], (double)flat[kind] / POINTS, operations[kind]);
    if (!good)
        return false;
    study_claim(run, flat[7] == POINTS && flat[3] > POINTS / 3 && flat[4] == 0,
                "sign is flat everywhere, ReLU on %.0f %%, the leaky one nowhere", 100.0 * flat[3] / POINTS);
    study_decide(
        run, worst < 1e-12,
        "identity, sigmoid, tanh, ReLU, leaky (0.1, 0.01), ELU, sign, abs, maxout, softmax: backprop's derivative is off the formula "
        "by %.1e at %d points; 1e-12 allowed",
        worst, POINTS);
    return true;
}

const struct study study_activations = {.name = "activations", .control = "σ in the place of σ(1 - σ)", .run = run};
