/* Linear layers y = Wx + b, stacked. A stack of L linear layers is one linear map: the product of its matrices. With small weights W_l
   of variance s²/n the signal of a plain stack shrinks by s at each layer, as s^L. A residual layer x + Wx multiplies it by √(1 + s²)
   instead, and at W = 0 it is the identity.

   Both models are those of A. Risteski, Deep Learning 10707 (Carnegie Mellon, 2021), lecture 6, where the linear residual network is
   that of Hardt, Ma, Identity matters in deep learning (2017); y = Wx + b is the linear model of F. Gogianu, Optimization
   (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { N = 64, LAYERS = 20, SCALES = 4, ROWS = 32 };
static const double scales[SCALES] = {0.2, 0.4, 0.6, 0.8};

/* A stack of LAYERS linear layers without biases, plain or each with a shortcut, whose weights have the variance s²/N. */
static wg_nn_module *stack(bool residual, double s, uint64_t seed)
{
    wg_nn_module *layer[LAYERS];
    wg_tensor *g = wg_generator(seed, WG_STREAM_INIT);
    for (int l = 0; l < LAYERS; l++) {
        wg_nn_module *linear = wg_nn_linear(N, N, .bias = false, .dtype = WG_F64, .generator = g);
        wg_tensor *weight = linear ? wg_nn_parameter(linear, "weight") : NULL;
        if (!weight || wg_init_normal(weight, g, 0, s / sqrt(N)) != WG_OK) {
            wg_nn_destroy(linear);
            linear = NULL; /* the stack is NULL, too, then */
        }
        layer[l] = residual ? wg_nn_residual(linear) : linear;
    }
    wg_free(g);
    return wg_nn_sequential_with(layer, LAYERS);
}

/* The signal's root mean square after each layer, over that at first; off: of the whole stack from the product of its matrices. */
static bool measure(const wg_nn_module *net, bool residual, uint64_t seed, double *gain, double *off)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_generator(seed, 1), *x = wg_normal(g, WG_F64, WG_SHAPE(ROWS, N), 0, 1), *h = x;
    wg_free(g);
    wg_tensor *eye = wg_diag(wg_ones(WG_F64, WG_SHAPE(N))), *product = eye;
    const wg_tensor_list w = wg_nn_parameters(net);
    const double start = wg_item(wg_norm2(x));
    for (int l = 0; l < LAYERS; l++) {
        h = wg_nn_apply(wg_nn_child(net, (size_t)l), h);
        gain[l] = wg_item(wg_norm2(h)) / start;
        product = wg_matmul(residual ? wg_add(eye, w.tensor[l]) : w.tensor[l], product);
    }
    *off = wg_item(wg_norm2(wg_sub(h, wg_linear(x, product, WG_NONE)))) / wg_item(wg_norm2(h));
    return !isnan(*off);
}

/* Control: layers without the shortcut. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double gain[2][SCALES][LAYERS], off = 0, plain_off = 0, residual_off = 0;
    bool good = study_row(run, "layer,s,plain,residual");
    for (int i = 0; i < SCALES && good; i++)
        for (int residual = 0; residual < 2 && good; residual++) {
            const bool shortcut = residual && !run->control;
            wg_nn_module *net = stack(shortcut, scales[i], run->seed);
            double worst = 0;
            good = net && measure(net, shortcut, run->seed, gain[residual][i], &worst);
            off = fmax(off, worst);
            wg_nn_destroy(net);
        }
    for (int i = 0; i < SCALES && good; i++) {
        const double s = scales[i], plain = pow(gain[0][i][LAYERS - 1], 1.0 / LAYERS),
                     residual = pow(gain[1][i][LAYERS - 1], 1.0 / LAYERS);
        plain_off = fmax(plain_off, fabs(plain / s - 1));
        residual_off = fmax(residual_off, fabs(residual / sqrt(1 + s * s) - 1));
        for (int l = 0; l < LAYERS && good; l++)
            good = study_row(run, "%d,%g,%.9g,%.9g", l + 1, s, gain[0][i][l], gain[1][i][l]);
    }
    if (!good)
        return false;
    study_claim(run, off < 1e-12, "each stack of %d layers is one matrix, the product of its own: off by %.1e", LAYERS, off);
    study_claim(run, plain_off < 0.03, "plain: a layer multiplies the signal by s, within %.1f %% of 3 %%", 100 * plain_off);
    study_decide(
        run, residual_off < 0.03,
        "%d linear layers x + Wx, W of variance s²/n, s from 0.2 to 0.8: each multiplies the signal by √(1 + s²) within %.1f %% "
        "(3 %%: 64 units, one draw)",
        LAYERS, 100 * residual_off);
    return true;
}

const struct study study_residual_gain = {.name = "residual_gain", .control = "layers without the shortcut", .run = run};
