/* Adaptive rates leave saddles sooner. At the saddle of f(x) = (x₁² - λx₂²)/2 + x₂⁴/4 only the gradient's noise leads away. If it is large
   along x₁ and small along x₂, the direction down, stochastic gradient descent starts with a small push and goes on in small steps, since the
   noise of x₁ limits the rate. RMSProp divides each coordinate by the root mean square of its gradients: its noise is the same in all
   directions, and its rate along x₂ is larger by the ratio of the two. Where the noise is the same anyway, it gains nothing. (It is taken
   as Adam with β₁ = 0, which corrects its first steps: they would be ten times too long.)

   The claim is in J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), after Staib, Reddi, Kale, Kumar, Sra: Escaping saddle points with
   adaptive gradient methods, 2019. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { RUNS = 100, STEPS = 4000 };
static const double RATE = 0.01, CURVATURE = 0.2;

/* The sum over all runs, a row of x each, of f and of the noise ξᵀx, whose gradient is ξ. */
static wg_tensor *noisy_loss(wg_tensor *x, wg_tensor *noise)
{
    wg_tensor *x2 = wg_square(wg_slice(x, 1, 1, 2, 1));
    wg_tensor *bowl = wg_sum(wg_mul(wg_from(((double[]){0.5, -0.5 * CURVATURE}), WG_SHAPE(2)), wg_square(x)));
    return wg_add(wg_add(bowl, wg_mul_scalar(wg_sum(wg_square(x2)), 0.25)), wg_sum(wg_mul(x, noise)));
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All runs from the saddle, at once: the median step at which |x₂| is above 0.3, and the mean of x₁² over the last half; rows of the median
   |x₂|. */
static bool escape(struct study_run *run, const char *name, bool adaptive, double quiet, double *median, double *spread)
{
    double left[RUNS], distance[RUNS];
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(RUNS, 2)), *generator = wg_generator(run->seed, 0);
    const wg_tensor_list params = {1, &x, NULL};
    wg_optim *optim = !x || !generator || !wg_set_requires_grad(x, true) ? NULL
                      : adaptive ? wg_optim_adam(params, .lr = RATE, .beta1 = 0, .beta2 = 0.99)
                                 : wg_optim_sgd(params, .lr = RATE);
    bool good = optim != NULL;
    for (int r = 0; r < RUNS; r++)
        left[r] = STEPS;
    *spread = 0;
    for (int t = 1; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *noise = wg_mul(wg_normal(generator, WG_F64, WG_SHAPE(RUNS, 2), 0, 1),
                                  wg_from(((double[]){1, quiet}), WG_SHAPE(2)));
        good = wg_backward(noisy_loss(x, noise)) == WG_OK && wg_optim_step(optim) == WG_OK;
        const double *at = wg_data(x);
        for (int r = 0; r < RUNS; r++) {
            distance[r] = fabs(at[2 * r + 1]);
            left[r] = distance[r] > 0.3 ? fmin(left[r], t) : left[r];
            *spread += t > STEPS / 2 ? at[2 * r] * at[2 * r] / (RUNS * STEPS / 2) : 0;
        }
        qsort(distance, RUNS, sizeof *distance, by_size);
        if ((t < 10 || (t < 100 && t % 10 == 0) || t % 100 == 0) && good)
            good = study_row(run, "%s,%d,%.5g,%.5g,%.5g", name, t, distance[RUNS / 10], distance[RUNS / 2],
                             distance[RUNS - RUNS / 10]);
    }
    qsort(left, RUNS, sizeof *left, by_size);
    *median = left[RUNS / 2];
    wg_optim_destroy(optim);
    wg_free(x), wg_free(generator);
    return good;
}

/* Control: the noise along x₂ is as large as along x₁. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double quiet = run->control ? 1 : 0.01;
    double median[2], spread[2];
    if (!study_row(run, "method,step,low,median,high") || !escape(run, "sgd", false, quiet, &median[0], &spread[0]) ||
        !escape(run, "rmsprop", true, quiet, &median[1], &spread[1]))
        return false;
    study_near(run, "the rates compare: the mean of x₁² is that of RMSProp, times", spread[0] / spread[1], 1, .15);
    study_decide(
        run, median[1] <= median[0] / 5,
        "median of 100 runs: RMSProp has left the saddle (|x₂| > 0.3) after %g steps, SGD after %g, at rates of the same noise in the other direction: expected a fifth at most",
        median[1], median[0]);
    return true;
}

const struct study study_adaptive_escape = {
    .name = "adaptive_escape", .control = "noise that is the same in both directions", .run = run};
