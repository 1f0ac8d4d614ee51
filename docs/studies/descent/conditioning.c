/* How conditioning costs steps. On f(x) = (x₁² + κ x₂²)/2 gradient descent at its best rate, 2/(1 + κ), multiplies x by (κ - 1)/(κ + 1) a step, so
   it takes about κ/2 steps for each factor e. Momentum at its best, α = (2/(1 + √κ))² and β = ((√κ - 1)/(√κ + 1))², takes about √κ/2.

   The bowl is that of F. Gogianu, Optimization (Bitdefender); `wengert demo conditioning` takes its steps one by one. The rates are those of B.
   Polyak, Some methods of speeding up the convergence of iteration methods (1964). */
#include "../study.h"

#include <math.h>

enum { MAX_STEPS = 20000 };
static const double target = 1e-6; /* of the first distance */

/* The steps until the distance from the minimum is the target's share of the first for good, or -1. */
static int steps_needed(double curvature, bool momentum)
{
    const double root = sqrt(curvature), half[] = {0.5, curvature / 2}, start[] = {1, 1};
    const double rate = momentum ? pow(2 / (1 + root), 2) : 2 / (1 + curvature),
                 beta = momentum ? pow((root - 1) / (root + 1), 2) : 0;
    wg_tensor *x = wg_from(start, WG_SHAPE(2));
    bool good = x && wg_set_requires_grad(x, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = rate, .momentum = beta) : NULL;
    const double *at = wg_data(x);
    int last = sgd ? 0 : -1;
    for (int t = 1; sgd && t <= MAX_STEPS && t < 2 * last + 100; t++) { /* momentum may come back: so much longer is looked at */
        WG_TAPE(tape);
        if (wg_backward(wg_sum(wg_mul(wg_from(half, WG_SHAPE(2)), wg_square(x)))) != WG_OK || wg_optim_step(sgd) != WG_OK) {
            last = -1;
            break;
        }
        last = hypot(at[0], at[1]) > target * hypot(1, 1) ? t : last;
    }
    wg_optim_destroy(sgd);
    wg_free(x);
    return last < 0 ? last : last + 1;
}

/* Control: momentum's rates without momentum's β. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    enum { N = 5 };
    double curvature[N], steps[2][N];
    bool good = study_row(run, "curvature,descent,momentum");
    for (int i = 0; i < N && good; i++) {
        curvature[i] = pow(10, 1 + i / 2.0);
        for (int m = 0; m < 2 && good; m++) {
            steps[m][i] = steps_needed(curvature[i], m && !run->control);
            good = steps[m][i] > 0;
        }
        good = good && study_row(run, "%.6g,%g,%g", curvature[i], steps[0][i], steps[1][i]);
    }
    if (!good)
        return false;
    study_near(run, "gradient descent: the exponent of its steps in the condition number",
               study_exponent(curvature + 1, steps[0] + 1, N - 1), 1, 0.03);
    study_decide_near(run, "momentum at its best rates: the exponent of its steps in the condition number, where descent has 1",
                      study_exponent(curvature + 1, steps[1] + 1, N - 1), 0.5, 0.06);
    return good;
}

const struct study study_conditioning = {.name = "conditioning", .control = "gradient descent in momentum's place", .run = run};
