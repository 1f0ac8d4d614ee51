/* A multilayer perceptron, as formulas and as a module: one hidden layer βᵀσ(Wx + b), two βᵀσ(W₂σ(W₁x + b₁) + b₂), k of them; with all
   biases 0, W₃σ(W₂σ(W₁x)). The loops here compute the formulas number by number, with the module's weights. Between two kinks of its
   units a ReLU network is linear, so one of a single number is a chain of straight pieces: m units make at most m kinks in one hidden
   layer, and deeper networks can have more.

   The models are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, and F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { HIDDEN = 16, MAX_K = 6, POINTS = 401 };

/* The network by its formula: σ after each layer but the last. skip: the layer after which σ is left out, or -1. */
static double by_hand(const wg_nn_module *net, int k, double x, double (*sigma)(double), int skip)
{
    double h[HIDDEN] = {x};
    for (int layer = 0, in = 1; layer <= k; layer++) {
        const int out = layer < k ? HIDDEN : 1;
        char name[40];
        snprintf(name, sizeof name, "%d.weight", 2 * layer);
        const double *w = wg_data(wg_nn_parameter(net, name));
        snprintf(name, sizeof name, "%d.bias", 2 * layer);
        const double *b = wg_data(wg_nn_parameter(net, name));
        double next[HIDDEN];
        if (!w || !b)
            return (double)NAN;
        for (int i = 0; i < out; i++) {
            next[i] = b[i];
            for (int j = 0; j < in; j++)
                next[i] += w[i * in + j] * h[j];
            next[i] = layer < k && layer != skip ? sigma(next[i]) : next[i];
        }
        for (int i = 0; i < out; i++)
            h[i] = next[i];
        in = out;
    }
    return h[0];
}

static double relu(double x)
{
    return fmax(x, 0);
}

/* A network of k hidden layers with the values y at the points x, and how far they are from the formula; -1 if something failed. */
static double compare(int k, wg_activation activation, uint64_t seed, const double *x, double *y, bool skip)
{
    int64_t sizes[MAX_K + 2] = {1};
    for (int i = 1; i <= k; i++)
        sizes[i] = HIDDEN;
    sizes[k + 1] = 1;
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){k + 2, sizes}), .activation = activation, .dtype = WG_F64, .seed = seed + (uint64_t)k,
                                  .init = WG_INIT_KAIMING_NORMAL);
    wg_tensor *in = wg_from(x, WG_SHAPE(POINTS, 1)), *g = wg_generator(seed, (uint64_t)k);
    double off = 0;
    bool good = net && in && g;
    const wg_tensor_list biases = good ? wg_nn_matching(net, "*.bias") : (wg_tensor_list){0};
    for (size_t i = 0; i < biases.n; i++) /* under Kaiming's rule they begin at 0, and all kinks of the first layer are there */
        good = wg_init_normal(biases.tensor[i], g, 0, 1) == WG_OK && good;
    wg_tensor *out = good ? wg_nn_apply(net, in) : NULL;
    good = out && wg_read(out, y) == WG_OK;
    for (int i = 0; i < POINTS && good; i += 20)
        off = fmax(off, fabs(by_hand(net, k, x[i], activation == WG_ACTIVATION_RELU ? relu : tanh, skip ? 0 : -1) - y[i]));
    wg_free(in), wg_free(out), wg_free(g);
    wg_nn_destroy(net);
    return good && !isnan(off) ? off : -1;
}

/* Kinks of a curve: where its second difference is not 0, runs counted once. */
static int kinks(const double *y)
{
    int n = 0;
    bool before = false;
    for (int i = 1; i < POINTS - 1; i++) {
        const bool bent = fabs(y[i + 1] - 2 * y[i] + y[i - 1]) > 1e-10;
        n += bent && !before;
        before = bent;
    }
    return n;
}

/* Control: σ left out of the first hidden layer. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double x[POINTS], y[MAX_K][POINTS], worst = 0, tanh_y[POINTS];
    int bends[MAX_K];
    bool good = study_row(run, "x,k1,k2,k3,k4");
    for (int i = 0; i < POINTS; i++)
        x[i] = 3 * (i - POINTS / 2) / (POINTS / 2.0);
    for (int k = 1; k <= MAX_K && good; k++) {
        const double off = compare(k, WG_ACTIVATION_RELU, run->seed, x, y[k - 1], run->control),
                     smooth = compare(k, WG_ACTIVATION_TANH, run->seed, x, tanh_y, run->control);
        good = off >= 0 && smooth >= 0;
        worst = fmax(worst, fmax(off, smooth));
        bends[k - 1] = kinks(y[k - 1]);
    }
    for (int i = 0; i < POINTS && good; i += 4)
        good = study_row(run, "%g,%.6g,%.6g,%.6g,%.6g", x[i], y[0][i], y[1][i], y[2][i], y[3][i]);
    good = good && study_table(run, "kinks", "layers,kinks");
    for (int k = 0; k < MAX_K && good; k++)
        good = study_row(run, "%d,%d", k + 1, bends[k]);
    if (!good)
        return false;
    study_claim(run, bends[0] <= HIDDEN, "one hidden layer of %d ReLU units has %d kinks in -3 … 3, at most %d are possible",
                HIDDEN, bends[0], HIDDEN);
    study_decide(
        run, worst < 1e-12,
        "networks of 1 to %d hidden layers, ReLU and tanh: the module is off the formula βᵀσ(… σ(W₁x + b₁) …) by %.1e; 1e-12 "
        "allowed, for rounding",
        MAX_K, worst);
    return true;
}

const struct study study_mlp = {.name = "mlp", .control = "σ left out of the first hidden layer", .run = run};
