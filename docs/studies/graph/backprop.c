/* The equations of backprop. A layer computes u = W x + b and x' = σ(u) from the result x of the layer below, and from the gradient δx' it
   returns
       δu = δx' ⊙ σ'(u),   dW = δu xᵀ,   db = δu,   δx = Wᵀ δu.
   Here they are four lines of ops, layer by layer from the loss down, and are held against the gradients of the library, which knows
   nothing of layers: it differentiates op by op.

   The equations are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { LAYERS = 4 };
static const int64_t width[LAYERS + 1] = {7, 9, 8, 6, 3};

static wg_tensor *one_minus(wg_tensor *t)
{
    return wg_add_scalar(wg_neg(t), 1);
}

static wg_tensor *sigmoid_slope(wg_tensor *u)
{
    return wg_mul(wg_sigmoid(u), one_minus(wg_sigmoid(u)));
}

static wg_tensor *tanh_slope(wg_tensor *u)
{
    return one_minus(wg_square(wg_tanh(u)));
}

static const struct kind {
    const char *name;
    wg_activation activation;
    wg_tensor *(*sigma)(wg_tensor *u), *(*slope)(wg_tensor *u);
} kinds[] = {
    {"sigmoid", WG_ACTIVATION_SIGMOID, wg_sigmoid, sigmoid_slope},
    {"tanh", WG_ACTIVATION_TANH, wg_tanh, tanh_slope},
    {"softplus", WG_ACTIVATION_SOFTPLUS, wg_softplus, wg_sigmoid},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Gradients of L = |x' - target|² by the four equations: g[2 l] of W and g[2 l + 1] of b, as p has them. Control: σ' at x', not at u. */
static void equations(const struct kind *kind, wg_tensor *const *p, wg_tensor *first, wg_tensor *target, bool at_u, wg_tensor **g)
{
    wg_tensor *u[LAYERS], *x[LAYERS + 1] = {first};
    for (int l = 0; l < LAYERS; l++) {
        u[l] = wg_add(wg_matmul(p[2 * l], x[l]), wg_reshape(p[2 * l + 1], WG_SHAPE(width[l + 1], 1)));
        x[l + 1] = kind->sigma(u[l]);
    }
    wg_tensor *dx = wg_mul_scalar(wg_sub(x[LAYERS], target), 2);
    for (int l = LAYERS - 1; l >= 0; l--) {
        wg_tensor *du = wg_mul(dx, kind->slope(at_u ? u[l] : x[l + 1]));
        g[2 * l] = wg_matmul(du, wg_transpose(x[l], 0, 1));
        g[2 * l + 1] = wg_reshape(du, WG_SHAPE(width[l + 1]));
        dx = wg_matmul(wg_transpose(p[2 * l], 0, 1), du);
    }
}

/* Four linear layers, each with its activation. */
static wg_nn_module *network(const struct kind *kind, wg_tensor *generator)
{
    wg_nn_module *layer[2 * LAYERS];
    for (int l = 0; l < LAYERS; l++) {
        layer[2 * l] = wg_nn_linear(width[l], width[l + 1], .dtype = WG_F64, .generator = generator);
        layer[2 * l + 1] = wg_nn_activation(kind->activation);
    }
    return wg_nn_sequential_with(layer, 2 * LAYERS);
}

/* The largest difference of one parameter's gradients over the largest element, and their elements as rows, beside
   those of an equation that is wrong. NaN: something failed. */
static double compare(struct study_run *run, const char *kind, int at, const wg_tensor *library, const wg_tensor *equation,
                      const wg_tensor *wrong)
{
    const double *a = library ? wg_data_as(library, double) : NULL, *b = equation ? wg_data_as(equation, double) : NULL;
    const double *c = wrong ? wg_data_as(wrong, double) : NULL;
    double difference = 0, largest = 0;
    bool good = a && b && c && wg_numel(library) == wg_numel(equation);
    for (int64_t i = 0; good && i < wg_numel(library); i++) {
        difference = fmax(difference, isnan(b[i]) ? INFINITY : fabs(a[i] - b[i]));
        largest = fmax(largest, fabs(a[i]));
        good = i % 4 || study_row(run, "%s,%d,%c,%.6g,%.6g,%.6g", kind, at / 2 + 1, at % 2 ? 'b' : 'W', a[i], b[i], c[i]);
    }
    return good ? difference / largest : (double)NAN;
}

/* The largest relative difference of each parameter's gradients. False: something failed. */
static bool study_kind(struct study_run *run, const struct kind *kind, double difference[2 * LAYERS])
{
    wg_tensor *generator = wg_generator(run->seed, 0);
    wg_nn_module *net = network(kind, generator);
    bool good = net;
    if (net) {
        WG_TAPE(tape);
        wg_tensor *g[2 * LAYERS], *wrong[2 * LAYERS], *x = wg_normal(generator, WG_F64, WG_SHAPE(width[0], 1), 0, 1);
        wg_tensor *target = wg_normal(generator, WG_F64, WG_SHAPE(width[LAYERS], 1), 0, 1);
        const wg_tensor_list p = wg_nn_parameters(net);
        equations(kind, p.tensor, x, target, !run->control, g);
        equations(kind, p.tensor, x, target, false, wrong);
        wg_tensor *out = wg_nn_apply(net, wg_transpose(x, 0, 1)); /* rows are samples there */
        good = wg_backward(wg_sum(wg_square(wg_sub(out, wg_transpose(target, 0, 1)))), .retain = true) == WG_OK;
        for (int i = 0; i < 2 * LAYERS && good; i++) {
            difference[i] = compare(run, kind->name, i, wg_gradient(p.tensor[i]), g[i], wrong[i]);
            good = !isnan(difference[i]);
        }
    }
    wg_nn_destroy(net);
    wg_free(generator);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double difference[KINDS][2 * LAYERS], worst = 0;
    bool good = study_row(run, "sigma,layer,parameter,library,equations,wrong");
    for (int k = 0; k < KINDS && good; k++)
        good = study_kind(run, &kinds[k], difference[k]);
    for (int k = 0; k < KINDS && good; k++)
        for (int i = 0; i < 2 * LAYERS; i++)
            worst = fmax(worst, difference[k][i]);
    if (!good)
        return false;
    study_decide(
        run, worst <= 1e-12,
        "δu = δx ⊙ σ'(u), dW = δu xᵀ, db = δu, δx = Wᵀδu give the library's gradients of %d layers of sigmoid, tanh and softplus within %.1e of "
        "1e-12 of each gradient's largest element (rounding)",
        LAYERS, worst);
    return true;
}

const struct study study_backprop = {.name = "backprop", .control = "σ' taken at the layer's result instead of at u", .run = run};
