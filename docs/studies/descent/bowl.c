/* Gradient descent in an elongated bowl, f(x) = x₁² + 4x₂². Its Hessian has the eigenvalues λ = 2 and 8, and a step at the rate α multiplies
   x along an eigenvector by 1 - αλ. So x₂ shrinks for α < 2/8 alone, however small the gradient of x₁ is by then.

   The bowl is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { STEPS = 40 };

static wg_tensor *bowl(wg_tensor *x)
{
    return wg_sum(wg_mul(wg_from(((double[]){1, 4}), WG_SHAPE(2)), wg_square(x)));
}

/* The distance from the minimum, 0, after STEPS steps at this rate from (-2, 1), as rows of the table; NaN if something failed. */
static double descend(struct study_run *run, double rate)
{
    wg_tensor *x = wg_from(((double[]){-2, 1}), WG_SHAPE(2));
    bool good = x && wg_set_requires_grad(x, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = rate) : NULL;
    const double *at = wg_data(x);
    for (int t = 0; sgd && t <= STEPS && good; t++) {
        WG_TAPE(tape);
        good = study_row(run, "%g,%d,%.9g,%.9g", rate, t, at[0], at[1]) && wg_backward(bowl(x)) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    const double distance = sgd && good ? hypot(at[0], at[1]) : (double)NAN;
    wg_optim_destroy(sgd);
    wg_free(x);
    return distance;
}

/* The largest rate at which the distance shrinks, by bisection. */
static double largest_rate(struct study_run *run)
{
    double low = 0.01, high = 1;
    while (high - low > 1e-6) {
        const double rate = (low + high) / 2, distance = descend(run, rate);
        if (isnan(distance))
            return distance;
        *(distance < hypot(2, 1) ? &low : &high) = rate;
    }
    return low;
}

/* Control: the slide's function without the factor 2 of its derivative has the eigenvalues 1 and 4. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double curvature = run->control ? 4 : 8;
    bool good = study_row(run, "rate,step,x1,x2");
    for (int i = 0; i < 3 && good; i++)
        good = !isnan(descend(run, ((double[]){0.05, 0.2, 0.26})[i]));
    good = good && study_table(run, "bisection", "rate,step,x1,x2");
    study_near(run, "at the rate 0.2 one step multiplies x₂ by 1 - 8α; after 41 its size", descend(run, 0.2),
               hypot(2 * pow(0.6, STEPS + 1), pow(0.6, STEPS + 1)), 1e-15);
    study_decide_near(run, "the largest rate at which descent converges, by bisection", largest_rate(run), 2 / curvature, 5e-3);
    return good;
}

const struct study study_bowl = {.name = "bowl", .control = "the eigenvalues 1 and 4 instead of 2 and 8", .run = run};
