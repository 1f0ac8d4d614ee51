/* Gradients that vanish and explode by layer: h_l = φ(u_l) with u_l = h_{l-1} W_l, thirty layers of 256 neurons, weights of variance g/256.

   Mean-field theory predicts the gradient at each layer. The variance q of its neurons u goes up the layers by q ← g E φ(√q z)², where z is
   standard normal, and the square of the gradient of u comes down by the factor g E φ'(√q z)². The network learns evenly where this
   factor is 1, and its first layers not at all where it is below 1.

   The question is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020); the prediction that of Schoenholz, Gilmer, Ganguli,
   Sohl-Dickstein, Deep information propagation (2017). */
#include "../study.h"

#include <math.h>

enum { LAYERS = 30, WIDTH = 256, ROWS = 16 };

typedef double function(double u);

static double sigmoid(double u)
{
    return 1 / (1 + exp(-u));
}

static double sigmoid_slope(double u)
{
    return sigmoid(u) * (1 - sigmoid(u));
}

static double tanh_slope(double u)
{
    return 1 - tanh(u) * tanh(u);
}

static double relu(double u)
{
    return fmax(u, 0);
}

static double relu_slope(double u)
{
    return u > 0;
}

/* Control: a prediction that takes the neurons for linear. */
static double one(double u)
{
    (void)u;
    return 1;
}

static const struct kind {
    const char *name;
    wg_tensor *(*apply)(wg_tensor *u);
    function *value, *slope;
    double gain;
} kinds[] = {
    {"sigmoid 1", wg_sigmoid, sigmoid, sigmoid_slope, 1},
    {"tanh 1", wg_tanh, tanh, tanh_slope, 1},
    {"tanh 9", wg_tanh, tanh, tanh_slope, 9},
    {"relu 1", wg_relu, relu, relu_slope, 1},
    {"relu 2", wg_relu, relu, relu_slope, 2},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* E f(√q z)² for a standard normal z, by the midpoints of cells: none is at 0, where the slope of relu jumps. */
static double mean_square(function *f, double q)
{
    const double step = 1.0 / 64;
    double sum = 0;
    for (double z = -8 + step / 2; z < 8; z += step)
        sum += pow(f(sqrt(q) * z), 2) * exp(-z * z / 2) * step;
    return sum / sqrt(2 * M_PI);
}

/* The gradient of the neurons of each layer over that of the last. */
static void predict(const struct kind *kind, function *slope, double *growth)
{
    double q = kind->gain;
    for (int j = 0; j < LAYERS; j++) {
        growth[j] = j < LAYERS - 1 ? sqrt(kind->gain * mean_square(slope, q)) : 1;
        q = kind->gain * mean_square(kind->value, q);
    }
    for (int j = LAYERS - 2; j >= 0; j--)
        growth[j] *= growth[j + 1];
}

/* For L = <out, h_k> with random rows x and out: the norms of ∂L/∂u_j and ∂L/∂W_j, and the largest relative difference among all
   <W_j, ∂L/∂W_j>. False: something failed. */
static bool measure(const struct kind *kind, uint64_t seed, double *neurons, double *weights, double *spread)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *of[2 * LAYERS], *g[2 * LAYERS];
    wg_tensor *h = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, WIDTH), 0, 1),
              *out = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, WIDTH), 0, 1);
    for (int j = 0; j < LAYERS; j++) {
        wg_tensor *w = wg_set_requires_grad(wg_normal(generator, WG_F64, WG_SHAPE(WIDTH, WIDTH), 0, sqrt(kind->gain / WIDTH)),
                                            true);
        of[j] = wg_matmul(h, w);
        of[LAYERS + j] = w;
        h = kind->apply(of[j]);
    }
    wg_free(generator);
    if (wg_grad_many(wg_sum(wg_mul(h, out)), of, 2 * LAYERS, g) != WG_OK)
        return false;
    double first = 0;
    for (int j = 0; j < LAYERS; j++) {
        const double inner = wg_item(wg_sum(wg_mul(of[LAYERS + j], g[LAYERS + j])));
        neurons[j] = wg_item(wg_norm(g[j]));
        weights[j] = wg_item(wg_norm(g[LAYERS + j]));
        first = j == 0 ? inner : first;
        *spread = fmax(*spread, fabs(inner / first - 1));
    }
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double worst = 0, homogeneous = 0, low = 0, high = 0;
    bool good = study_row(run, "kind,layer,neurons,predicted,weights");
    for (const struct kind *kind = kinds; kind < kinds + KINDS && good; kind++) {
        double neurons[LAYERS], weights[LAYERS], growth[LAYERS], spread = 0;
        good = measure(kind, run->seed, neurons, weights, &spread);
        predict(kind, run->control ? one : kind->slope, growth);
        for (int j = 0; j < LAYERS && good; j++)
            good = study_row(run, "%s,%d,%.9g,%.9g,%.9g", kind->name, j + 1, neurons[j] / neurons[LAYERS - 1], growth[j],
                             weights[j] / weights[LAYERS - 1]);
        const double got = log10(neurons[0] / neurons[LAYERS - 1]), want = log10(growth[0]);
        printf("     %s: %.2f decades from the last layer to the first, predicted %.2f\n", kind->name, got, want);
        low = fmin(low, got);
        high = fmax(high, got);
        worst = fmax(worst, isnan(got) ? INFINITY : fabs(got - want));
        homogeneous = kind->apply == wg_relu ? fmax(homogeneous, spread) : homogeneous;
    }
    if (!good)
        return false;
    study_claim(
        run, homogeneous <= 1e-10,
        "relu: <W, ∇W> is the same in every layer within %.1e of 1e-10, because the network is homogeneous of degree 1 in each W",
        homogeneous);
    study_decide(
        run, worst <= 0.3,
        "in 30 layers of 256 sigmoids, tanh or relu the gradient changes by 10^%.1f … 10^%.1f from the last layer to the first; mean-field theory "
        "predicts each within %.2g of 0.3 decades (finite width)",
        low, high, worst);
    return true;
}

const struct study study_vanishing = {.name = "vanishing", .control = "a prediction for linear neurons, φ' = 1", .run = run};
