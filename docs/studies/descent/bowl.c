/* Gradient descent in an elongated bowl, f(x) = x₁² + 4x₂². Its Hessian has the eigenvalues λ = 2 and 8, and a step at the rate α multiplies
   x along an eigenvector by 1 - αλ. So x₂ shrinks for α < 2/8 alone, however small the gradient of x₁ is by then.

   The bowl is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { STEPS = 40 };

/* x₁² + weight x₂² */
static wg_tensor *bowl(wg_tensor *x, double weight)
{
    return wg_sum(wg_mul(wg_from(((double[]){1, weight}), WG_SHAPE(2)), wg_square(x)));
}

/* STEPS steps at this rate from (-2, 1), as rows of the table. The distance from the minimum, 0, after the last one; *factor: that over
   the distance before it. NaN if something failed. */
static double descend(struct study_run *run, double weight, double rate, double *factor)
{
    wg_tensor *x = wg_from(((double[]){-2, 1}), WG_SHAPE(2));
    bool good = x && wg_set_requires_grad(x, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = rate) : NULL;
    const double *at = wg_data(x);
    double distance = NAN;
    *factor = NAN;
    for (int t = 0; sgd && t < STEPS && good; t++) {
        WG_TAPE(tape);
        const double before = hypot(at[0], at[1]);
        good = study_row(run, "%g,%d,%.9g,%.9g", rate, t, at[0], at[1]) && wg_backward(bowl(x, weight)) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
        distance = good ? hypot(at[0], at[1]) : (double)NAN;
        *factor = distance / before;
    }
    wg_optim_destroy(sgd);
    wg_free(x);
    return distance;
}

/* The largest rate at which the distance still shrinks in the last step, by bisection. */
static double largest_rate(struct study_run *run, double weight)
{
    double low = 0.01, high = 1.5, factor;
    while (high - low > 1e-6) {
        const double rate = (low + high) / 2;
        if (isnan(descend(run, weight, rate, &factor)))
            return NAN;
        *(factor < 1 ? &low : &high) = rate;
    }
    return low;
}

/* Control: a round bowl, x₁² + x₂². */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double weight = run->control ? 1 : 4;
    double factor;
    bool good = study_row(run, "rate,step,x1,x2");
    for (int i = 0; i < 3 && good; i++)
        good = !isnan(descend(run, weight, ((double[]){0.05, 0.2, 0.26})[i], &factor));
    if (!good || !study_table(run, "bisection", "rate,step,x1,x2"))
        return false;
    study_near(run, "at the rate 0.2 both axes shrink by 0.6 a step: the distance after 40 steps",
               descend(run, weight, 0.2, &factor), hypot(2, 1) * pow(0.6, STEPS), 1e-15);
    study_decide_near(run, "x₁² + 4x₂²: the largest rate at which gradient descent converges, by bisection",
                      largest_rate(run, weight), 2 / 8.0, 1e-5);
    return true;
}

const struct study study_bowl = {.name = "bowl", .control = "a round bowl, x₁² + x₂²,", .run = run};
