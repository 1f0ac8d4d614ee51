/* A quiz on Adam. True or false: the step of a weight is (nearly) as large for small gradients as for large ones; it is smaller for noisy
   ones? Adam steps by γ ⟨g⟩/(√⟨g²⟩ + ε), with averages of the gradient and of its square, ε = 10⁻⁸. For a gradient that is always s this
   is γ s/(s + ε): γ, unless s is as small as ε. For one of mean s and deviation σ it is about γ s/√(s² + σ²).

   The quiz is W. Gerstner's, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

/* Weights with constant gradients 10^-10 … 10^4, and as many for each deviation σ = 0, 1, 3, 10 of a gradient of mean 1. */
enum { SIZES = 15, NOISES = 4, EACH = 40, STEPS = 4000, N = SIZES + NOISES * EACH };
static const double noise[NOISES] = {0, 1, 3, 10};

static double size_of(int i)
{
    return i < SIZES ? pow(10, i - 10) : 1;
}

/* A step with gradients of those means and deviations: of the loss g·w. */
static bool step(wg_optim *optim, wg_tensor *w, wg_tensor *mean, wg_tensor *deviation, wg_tensor *generator)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_fma(deviation, wg_normal(generator, WG_F64, WG_SHAPE(N), 0, 1), mean);
    return wg_backward(wg_sum(wg_mul(g, w))) == WG_OK && wg_optim_step(optim) == WG_OK;
}

/* The mean steps of all weights, in units of the rate. */
static bool measure(const struct study_run *run, double moved[N])
{
    double means[N], deviations[N];
    for (int i = 0; i < N; i++)
        means[i] = size_of(i), deviations[i] = i < SIZES ? 0 : noise[(i - SIZES) / EACH];
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(N)), *generator = wg_generator(run->seed, 0);
    wg_tensor *mean = wg_from(means, WG_SHAPE(N)), *deviation = wg_from(deviations, WG_SHAPE(N));
    bool good = w && generator && mean && deviation && wg_set_requires_grad(w, true);
    const wg_tensor_list list = {1, &w, NULL};
    wg_optim *optim = !good          ? NULL
                      : run->control ? wg_optim_sgd(list, .lr = 1e-3, .momentum = 0.9, .dampening = 0.9)
                                     : wg_optim_adam(list, .lr = 1e-3);
    good = optim != NULL;
    for (int t = 0; t < STEPS && good; t++)
        good = step(optim, w, mean, deviation, generator);
    for (int i = 0; i < N && good; i++)
        moved[i] = -wg_data_as(w, double)[i] / (1e-3 * STEPS);
    wg_optim_destroy(optim);
    wg_free(w), wg_free(generator), wg_free(mean), wg_free(deviation);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double moved[N], error = 0, noisy[NOISES];
    bool good = measure(run, moved) && study_row(run, "size,step,predicted");
    for (int i = 0; i < SIZES && good; i++) {
        const double predicted = size_of(i) / (size_of(i) + 1e-8);
        error = fmax(error, fabs(moved[i] - predicted));
        good = study_row(run, "%.3g,%.9g,%.9g", size_of(i), moved[i], predicted);
    }
    good = good && study_table(run, "noise", "deviation,step,deviation_of_step,predicted");
    for (int k = 0; k < NOISES && good; k++) {
        noisy[k] = study_mean(&moved[SIZES + k * EACH], EACH);
        good = study_row(run, "%g,%.9g,%.9g,%.9g", noise[k], noisy[k], study_deviation(&moved[SIZES + k * EACH], EACH),
                         1 / sqrt(1 + noise[k] * noise[k]));
        if (good)
            study_claim(run, run->control || fabs(noisy[k] - 1 / sqrt(1 + noise[k] * noise[k])) <= 0.02,
                        "a gradient 1 ± %g: steps of %.3f of the rate, 1/√(1 + σ²) = %.3f, within 0.02", noise[k], noisy[k],
                        1 / sqrt(1 + noise[k] * noise[k]));
    }
    if (good)
        study_decide(
            run, error <= 1e-3 && noisy[2] < 0.35 && noisy[3] < 0.12,
            "Adam: a constant gradient of 1e-6 moves a weight by %.4f of the rate a step, one of 1e4 by %.4f, as s/(s + ε) within 1e-3; "
            "gradients 1 ± 3 and 1 ± 10 move it by %.2f and %.2f, below 0.35 and 0.12",
            moved[4], moved[14], noisy[2], noisy[3]);
    return good;
}

const struct study study_adam_quiz = {
    .name = "adam_quiz", .control = "gradient descent with momentum in place of Adam", .run = run};
