/* Gradients by layer: where they vanish, where they explode, and what the initialisation decides. Deep networks of five kinds against the
   mean-field prediction; the gradient of two layers against its formula, at weights of any size; a saturated neuron.

   The questions are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), and F. Gogianu, Optimization (Bitdefender). The
   prediction is that of Schoenholz, Gilmer, Ganguli, Sohl-Dickstein, Deep information propagation (2017). */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { LAYERS = 30, WIDTH = 256, ROWS = 16 };

typedef wg_tensor *activation(wg_tensor *x);

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(double x)
{
    return sigmoid(x) * (1 - sigmoid(x));
}

static double tanh_slope(double x)
{
    return 1 - tanh(x) * tanh(x);
}

static double relu(double x)
{
    return fmax(x, 0);
}

static double relu_slope(double x)
{
    return x > 0;
}

/* Networks whose weights have the variance `gain` / WIDTH. */
static const struct kind {
    const char *name;
    activation *apply;
    double (*value)(double), (*slope)(double);
    double gain;
} kinds[] = {
    {"sigmoid 1", wg_sigmoid, sigmoid, sigmoid_slope, 1},
    {"tanh 1", wg_tanh, tanh, tanh_slope, 1},
    {"tanh 9", wg_tanh, tanh, tanh_slope, 9},
    {"relu 1", wg_relu, relu, relu_slope, 1},
    {"relu 2", wg_relu, relu, relu_slope, 2},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* ---- the prediction ---- */

/* E f(√q z)² for a standard normal z. */
static double mean_square(double (*f)(double), double q)
{
    const double step = 1.0 / 64;
    double sum = 0;
    for (double z = -8; z <= 8; z += step)
        sum += pow(f(sqrt(q) * z), 2) * exp(-z * z / 2) * step;
    return sum / sqrt(2 * M_PI);
}

/* growth[j]: the square of the gradient at layer j's neurons, before the activation, over that at the last layer's. The variance q of these
   neurons goes up the layers by q ← gain E φ(√q z)², the square of the gradient comes down by the factor gain E φ'(√q z)². */
static void predict(const struct kind *kind, double *growth)
{
    double q = kind->gain, factor[LAYERS];
    for (int j = 0; j < LAYERS; j++) {
        factor[j] = kind->gain * mean_square(kind->slope, q);
        q = kind->gain * mean_square(kind->value, q);
    }
    growth[LAYERS - 1] = 1;
    for (int j = LAYERS - 1; j > 0; j--)
        growth[j - 1] = growth[j] * factor[j - 1];
}

/* ---- deep networks ---- */

struct deep {
    wg_tensor *weight[LAYERS], *x, *out;
};

static bool deep_make(struct deep *net, double gain)
{
    wg_tensor *generator = wg_generator(1, 0);
    bool made = generator != NULL;
    for (int j = 0; j < LAYERS; j++) {
        net->weight[j] = wg_normal(generator, WG_F64, WG_SHAPE(WIDTH, WIDTH), 0, sqrt(gain / WIDTH));
        made = net->weight[j] && wg_set_requires_grad(net->weight[j], true) && made;
    }
    net->x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, WIDTH), 0, 1);
    net->out = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, WIDTH), 0, 1);
    wg_free(generator);
    return made && net->x && net->out;
}

static void deep_free(struct deep *net)
{
    for (int j = 0; j < LAYERS; j++)
        wg_free(net->weight[j]);
    wg_free(net->x), wg_free(net->out);
}

static double inner(wg_tensor *a, wg_tensor *b)
{
    return wg_item(wg_sum(wg_mul(a, b)));
}

/* The squares of the gradients at the neurons of each layer, and <W_j, ∂L/∂W_j>, for L = <out, h_k>. */
static bool measure(const struct deep *net, activation *apply, double *square, double *euler)
{
    WG_TAPE(tape);
    wg_tensor *of[2 * LAYERS], *g[2 * LAYERS], *h = net->x;
    for (int j = 0; j < LAYERS; j++) {
        of[j] = wg_matmul(h, net->weight[j]);
        of[LAYERS + j] = net->weight[j];
        h = apply(of[j]);
    }
    if (wg_grad_many(wg_sum(wg_mul(h, net->out)), of, 2 * LAYERS, g) != WG_OK)
        return false;
    for (int j = 0; j < LAYERS; j++) {
        square[j] = inner(g[j], g[j]);
        euler[j] = inner(net->weight[j], g[LAYERS + j]);
    }
    return isfinite(square[0]);
}

static bool study_kind(struct study_run *run, const struct kind *kind)
{
    struct deep net;
    double square[LAYERS], euler[LAYERS], growth[LAYERS], worst = 0;
    bool good = deep_make(&net, kind->gain) && measure(&net, kind->apply, square, euler);
    deep_free(&net);
    predict(kind, growth);
    for (int j = 0; j < LAYERS && good; j++) {
        good = study_row(run, "layer,%s,%d,%.9g,%.9g", kind->name, j + 1, sqrt(square[j] / square[LAYERS - 1]), sqrt(growth[j]));
        worst = fmax(worst, fabs(euler[j] - euler[0]) / fabs(euler[0]));
    }
    if (!good)
        return false;
    char what[160];
    snprintf(what, sizeof what, "%s: decades from the last layer's gradient to the first's, in %d layers", kind->name, LAYERS);
    study_near(run, what, log10(square[0] / square[LAYERS - 1]) / 2, log10(growth[0]) / 2, .25);
    if (kind->apply == wg_relu)
        study_claim(run, worst <= 1e-10,
                    "%s: <W, gradient> is the same in every layer within %.1e of 1e-10, because relu is homogeneous", kind->name,
                    worst);
    return true;
}

/* ---- two layers, at weights of any size ---- */

enum { IN = 5, HIDDEN = 7, OUT = 3, SAMPLES = 20 };

/* L = Σ |y - W2 σ(W1 x)|² / m, with the samples as columns. */
struct shallow {
    wg_tensor *w1, *w2, *x, *y;
};

static bool shallow_make(struct shallow *net)
{
    wg_tensor *generator = wg_generator(2, 0);
    net->w1 = wg_normal(generator, WG_F64, WG_SHAPE(HIDDEN, IN), 0, 1);
    net->w2 = wg_normal(generator, WG_F64, WG_SHAPE(OUT, HIDDEN), 0, 1);
    net->x = wg_normal(generator, WG_F64, WG_SHAPE(IN, SAMPLES), 0, 1);
    net->y = wg_normal(generator, WG_F64, WG_SHAPE(OUT, SAMPLES), 0, 1);
    wg_free(generator);
    return net->w1 && net->w2 && net->x && net->y && wg_set_requires_grad(net->w1, true);
}

static void shallow_free(struct shallow *net)
{
    wg_free(net->w1), wg_free(net->w2), wg_free(net->x), wg_free(net->y);
}

/* The gradient of W1 where both matrices are multiplied by scale; *value receives L. */
static wg_tensor *shallow_gradient(const struct shallow *net, activation *apply, double scale, double *value)
{
    wg_tensor *w1 = wg_mul_scalar(net->w1, scale), *w2 = wg_mul_scalar(net->w2, scale);
    wg_tensor *error = wg_sub(net->y, wg_matmul(w2, apply(wg_matmul(w1, net->x))));
    wg_tensor *loss = wg_mul_scalar(wg_sum(wg_square(error)), 1.0 / SAMPLES);
    *value = wg_item(loss);
    return wg_grad(loss, w1);
}

/* -(2/m) Σ [W2ᵀ (y - W2 σ(W1 x)) ⊙ σ'(W1 x)] xᵀ */
static wg_tensor *shallow_formula(const struct shallow *net)
{
    wg_tensor *h = wg_tanh(wg_matmul(net->w1, net->x));
    wg_tensor *back = wg_matmul(wg_transpose(net->w2, 0, 1), wg_sub(net->y, wg_matmul(net->w2, h)));
    wg_tensor *slope = wg_add_scalar(wg_neg(wg_square(h)), 1);
    return wg_mul_scalar(wg_matmul(wg_mul(back, slope), wg_transpose(net->x, 0, 1)), -2.0 / SAMPLES);
}

static double norm_of(wg_tensor *t)
{
    return wg_item(wg_norm(t));
}

static bool study_shallow(struct study_run *run)
{
    struct shallow net = {0};
    double value, scale[13], norm[13];
    bool good = shallow_make(&net);
    {
        WG_TAPE(tape);
        wg_tensor *g = shallow_gradient(&net, wg_tanh, 1, &value);
        const double difference = norm_of(wg_sub(g, shallow_formula(&net))) / norm_of(g);
        study_claim(run, difference <= 1e-14, "two layers: the gradient of W1 is that of the formula within %.1e of 1e-14",
                    difference);
        study_claim(run, norm_of(shallow_gradient(&net, wg_tanh, 0, &value)) == 0,
                    "two layers: at W = 0 the gradient of W1 is exactly 0");
    }
    for (int i = 0; i < 13 && good; i++) {
        WG_TAPE(tape);
        scale[i] = pow(10, i - 6);
        norm[i] = norm_of(shallow_gradient(&net, wg_relu, scale[i], &value));
        good = isfinite(norm[i]) && study_row(run, "scale,,%g,%.9g,%.9g", scale[i], value, norm[i]);
    }
    shallow_free(&net);
    if (!good)
        return false;
    study_near(run, "two layers of relu: exponent of W1's gradient in the size of small weights", study_exponent(scale, norm, 4), 1,
               .03);
    study_near(run, "two layers of relu: exponent in the size of large weights", study_exponent(scale + 9, norm + 9, 4), 3, .03);
    return true;
}

/* ---- one neuron ---- */

/* h = σ(θ x): δz = δh σ'(z) and δθ = δz x, where z = θ x and δh = 1. */
static bool study_neuron(struct study_run *run)
{
    const double x = 0.5;
    double worst = 0, middle = 0;
    for (int z = -20; z <= 20; z++) {
        wg_tensor *theta = wg_scalar(WG_F64, z / x);
        if (!theta || !wg_set_requires_grad(theta, true))
            return false;
        double got;
        {
            WG_TAPE(tape);
            got = wg_item(wg_grad(wg_sigmoid(wg_mul_scalar(theta, x)), theta));
        }
        wg_free(theta);
        worst = fmax(worst, fabs(got / (sigmoid_slope(z) * x) - 1));
        middle = z == 0 ? got : middle;
        if (z == 10)
            study_near(run, "a sigmoid neuron at z = 10: its gradient over that at z = 0", got / middle, 4 * sigmoid_slope(10),
                       1e-8);
    }
    study_claim(run, worst <= 1e-6, "a sigmoid neuron: the gradient is σ'(z) x for z = -20 … 20, relatively within %.1e of 1e-6",
                worst);
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool good = study_row(run, "what,kind,x,y,z");
    for (int i = 0; i < N_KINDS && good; i++)
        good = study_kind(run, &kinds[i]);
    return good && study_shallow(run) && study_neuron(run);
}

const struct study study_vanishing = {
    .name = "vanishing",
    .details =
        "Claims: from the last layer to the first of a deep network the gradient changes by as many decades as mean-field theory predicts;\n"
        "in networks of relu <W, gradient> is the same in every layer; two layers have the gradient of the formula, 0 at weights of 0, and\n"
        "growing with the weights as theory says; a saturated neuron's gradient is that of its slope.",
    .run = run,
};
