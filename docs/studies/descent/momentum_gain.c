/* What momentum makes of a gradient. v ← αv + g; w ← w - γv. On a constant slope, g = 1 at every step, the sum of what is left of all
   gradients is 1 + α + α² + … = 1/(1 - α): ten times a plain step for α = 0.9. Across a narrow valley, where every step lands on the
   other wall, g = 1, -1, 1 …, it is 1 - α + α² - … = 1/(1 + α): 0.526 of a plain step.

   The exercise is W. Gerstner's, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { STEPS = 4000, SHOWN = 40, N_MOMENTUM = 7 };
static const double momentum[N_MOMENTUM] = {0, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99};

/* The sizes of the latest steps of two weights, relative to a plain step: on the slope, and in the valley. */
struct gain {
    double slope, valley;
};

/* A step with the gradient g: of the loss g·w. */
static bool step(wg_optim *optim, wg_tensor *w, double slope, double valley)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_from(((double[]){slope, valley}), WG_SHAPE(2));
    return wg_backward(wg_sum(wg_mul(g, w))) == WG_OK && wg_optim_step(optim) == WG_OK;
}

static bool measure(struct study_run *run, double alpha, struct gain *gain)
{
    const double rate = 0.01;
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(2));
    bool good = w && wg_set_requires_grad(w, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = rate, .momentum = alpha,
                                        .dampening = run->control ? alpha : 0)
                         : NULL;
    const double *at = wg_data(w);
    good = sgd != NULL;
    for (int t = 0; good && t < STEPS; t++) {
        const double x = at[0], y = at[1];
        good = step(sgd, w, 1, t % 2 ? -1 : 1);
        *gain = (struct gain){fabs(at[0] - x) / rate, fabs(at[1] - y) / rate};
        if (t < SHOWN)
            good = good && study_row(run, "%g,%d,%.9g,%.9g", alpha, t + 1, gain->slope, gain->valley);
    }
    wg_optim_destroy(sgd);
    wg_free(w);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct gain gain[N_MOMENTUM];
    double worst = 0;
    bool good = study_row(run, "momentum,step,slope,valley");
    for (int i = 0; good && i < N_MOMENTUM; i++) {
        good = measure(run, momentum[i], &gain[i]);
        worst = fmax(worst, fabs(gain[i].slope * (1 - momentum[i]) - 1));
        worst = fmax(worst, fabs(gain[i].valley * (1 + momentum[i]) - 1));
    }
    good = good && study_table(run, "gain", "momentum,slope,valley");
    for (int i = 0; good && i < N_MOMENTUM; i++)
        good = study_row(run, "%g,%.9g,%.9g", momentum[i], gain[i].slope, gain[i].valley);
    if (!good)
        return false;
    study_claim(run, gain[4].slope > 9.999 && gain[4].slope < 10.001, "momentum 0.9 on a constant slope: steps of %.4f plain steps",
                gain[4].slope);
    study_claim(run, gain[4].valley > 0.526 && gain[4].valley < 0.5264,
                "momentum 0.9 across a valley, the gradient alternating: steps of %.4f plain steps", gain[4].valley);
    study_decide(
        run, worst <= 1e-6,
        "momentum α, from 0 to 0.99, multiplies steps on a constant slope by 1/(1 - α), and those with an alternating gradient by "
        "1/(1 + α): at 0.9 by %.3f and %.3f; the largest relative difference is %.1e, at most 1e-6",
        gain[4].slope, gain[4].valley, worst);
    return true;
}

const struct study study_momentum_gain = {
    .name = "momentum_gain", .control = "dampening, which makes the sum v ← αv + g a mean, v ← αv + (1 - α)g", .run = run};
