/* The plateau of a saturated neuron, h = φ(z) with z = θx. By the chain rule δz = δh φ'(z) and δθ = δz x: where φ is flat, φ' is small and
   so is every gradient below it, however wrong h is.

   How long descent stays there follows for the sigmoid σ, whose derivative is σ' = σ(1 - σ). With L = h²/2 and x = 1 the gradient is
   σ²(1 - σ), so small steps at the rate α need the time ∫ dz / σ²(1 - σ) from z = z₀ down to 0, which is
       T(z₀) = e^z₀ - 1 + 3z₀ + 3(1 - e^-z₀) + (1 - e^-2z₀)/2,   in steps T/α.
   The cross-entropy -ln(1 - h) has δh = 1/(1 - h), which cancels the factor 1 - σ: its time is about z₀.

   The plateau is that of F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

static const double rate = 0.1, x = 0.5;

typedef wg_tensor *activation(wg_tensor *z);

static double sigmoid_slope(double z)
{
    return 1 / (2 + exp(z) + exp(-z));
}

static double tanh_slope(double z)
{
    return 4 / (2 + exp(2 * z) + exp(-2 * z));
}

static double relu_slope(double z)
{
    return z > 0;
}

/* Rows of the gradient of θ for z = -10 … 10 and δh = 1. Returns the largest relative difference from φ'(z) x; NaN if something failed. */
static double neuron(struct study_run *run, const char *name, activation *phi, double (*slope)(double))
{
    double worst = 0;
    for (double z = -10; z <= 10; z += 0.5) {
        WG_TAPE(tape);
        wg_tensor *theta = wg_set_requires_grad(wg_scalar(WG_F64, z / x), true);
        const double got = wg_item(wg_grad(phi(wg_mul_scalar(theta, x)), theta)), want = slope(z) * x;
        if (!study_row(run, "%s,%g,%.9g,%.9g", name, z, got, want))
            return (double)NAN;
        worst = got == want ? worst : fmax(worst, isnan(got) ? INFINITY : fabs(got / want - 1));
    }
    return worst;
}

static wg_tensor *squared(wg_tensor *z)
{
    return wg_mul_scalar(wg_square(wg_sigmoid(z)), 0.5);
}

/* The cross-entropy for the target 0, -ln(1 - σ(z)). */
static wg_tensor *cross_entropy(wg_tensor *z)
{
    return wg_softplus(z);
}

/* The steps of descent until h is at most 1/2, from z = start; NaN if something failed. Rows: h at steps of equal ratio. */
static double descend(struct study_run *run, const char *name, activation *loss, double start)
{
    wg_tensor *z = wg_set_requires_grad(wg_scalar(WG_F64, start), true);
    wg_optim *sgd = z ? wg_optim_sgd(((wg_tensor_list){1, &z, NULL}), .lr = rate) : NULL;
    bool good = sgd;
    double step = 0, next = 1;
    for (; good && wg_item(z) > 0 && step < 1e6; step++) {
        WG_TAPE(tape);
        if (step + 1 >= next) {
            next *= 1.09;
            good = study_row(run, "%s,%g,%g,%.9g", name, start, step + 1, 1 / (1 + exp(-wg_item(z))));
        }
        good = good && wg_backward(loss(z)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    good = good && study_row(run, "%s,%g,%g,%.9g", name, start, step + 1, 1 / (1 + exp(-wg_item(z))));
    wg_optim_destroy(sgd);
    wg_free(z);
    return good ? step : (double)NAN;
}

static double plateau(double z)
{
    return exp(z) - 1 + 3 * z + 3 * (1 - exp(-z)) + (1 - exp(-2 * z)) / 2;
}

/* Control: the cross-entropy has no plateau. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool good = study_row(run, "activation,z,gradient,formula");
    const double worst = fmax(neuron(run, "sigmoid", wg_sigmoid, sigmoid_slope),
                              fmax(neuron(run, "tanh", wg_tanh, tanh_slope), neuron(run, "relu", wg_relu, relu_slope)));
    study_claim(run, worst <= 1e-6, "δθ is φ'(z) x of sigmoid, tanh and relu for z = -10 … 10, relatively within %.1e of 1e-6",
                worst);
    good = good && study_table(run, "descent", "loss,start,step,h");
    double longest = 0, error = 0;
    for (int start = 2; start <= 8; start += 2) {
        const double steps = descend(run, "squared", run->control ? cross_entropy : squared, start);
        longest = fmax(longest, steps);
        error = fmax(error, isnan(steps) ? INFINITY : fabs(steps * rate / plateau(start) - 1));
    }
    const double without = descend(run, "cross-entropy", cross_entropy, 8);
    study_claim(run, without <= 0.01 * longest,
                "from z = 8 the cross-entropy takes %g steps, at most a hundredth of the %g of the squared error", without,
                longest);
    study_decide(
        run, error <= 0.03,
        "from z = 2, 4, 6 and 8 a sigmoid neuron with squared error takes (e^z + 3z + …)/rate steps to leave its plateau: the time of the exact flow, within "
        "%.2g of 0.03 (steps are finite)",
        error);
    return good && !isnan(worst);
}

const struct study study_saturation = {
    .name = "saturation", .control = "the cross-entropy instead of the squared error", .run = run};
