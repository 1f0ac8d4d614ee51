/* What momentum does at a saddle and in a shallow minimum. Along a direction of curvature -λ a step of the heavy ball,

       v ← βv - αg,   y ← y + v,

   multiplies the distance from a saddle by the larger root of ρ² - (1 + β + αλ)ρ + β = 0: 1 + αλ without momentum, and about 1 + √(αλ)
   where β is near 1. So it leaves a flat saddle much sooner. In a shallow minimum the ball that comes with speed rolls on; gradient
   descent stops.

   Momentum's escape is in W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { STEPS = 400 };
static const double RATE = 0.02, BETA = 0.95, CURVATURE = 0.5;

/* (x² - λy²)/2 + y⁴/4, a saddle at 0. */
static wg_tensor *saddle(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wg_select(p[0], 0, 0), *y = wg_select(p[0], 0, 1);
    wg_tensor *bowl = wg_sub(wg_square(x), wg_mul_scalar(wg_square(y), CURVATURE));
    return wg_add(wg_mul_scalar(bowl, 0.5), wg_mul_scalar(wg_pow_scalar(y, 4), 0.25));
}

/* x²/8 with a shallow minimum on its way: + 0.5 cos(2x + 1). */
static wg_tensor *shallow(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(
        wg_add(wg_mul_scalar(wg_square(p[0]), 0.125), wg_mul_scalar(wg_cos(wg_add_scalar(wg_mul_scalar(p[0], 2), 1)), 0.5)));
}

/* All of a run's values of p[0]'s last element, and the loss at its end; rows of the table. */
static bool descend(struct study_run *run, const char *what, wg_function *f, wg_tensor *p, double beta, double path[STEPS + 1],
                    double *loss)
{
    wg_optim *ball = p && wg_set_requires_grad(p, true)
                         ? wg_optim_heavy_ball(((wg_tensor_list){1, &p, NULL}), .lr = RATE, .momentum = beta)
                         : NULL;
    bool good = ball != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *value = f(&p, 1, NULL);
        path[t] = wg_data_as(p, double)[wg_numel(p) - 1];
        *loss = wg_item(value);
        good = (t % 8 || study_row(run, "%s,%g,%d,%.5g,%.5g", what, beta, t, path[t], *loss)) && wg_backward(value) == WG_OK &&
               wg_optim_step(ball) == WG_OK;
    }
    wg_optim_destroy(ball);
    wg_free(p);
    return good;
}

static double root(double beta)
{
    const double half = (1 + beta + RATE * CURVATURE) / 2;
    return half + sqrt(half * half - beta);
}

/* The step at which a path has left the saddle by 0.5; STEPS + 1: it has not. */
static int left_at(const double path[STEPS + 1])
{
    int t = 0;
    while (t <= STEPS && fabs(path[t]) < 0.5)
        t++;
    return t;
}

/* Control: momentum of 0. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double beta = run->control ? 0 : BETA;
    double plain[STEPS + 1], heavy[STEPS + 1], loss[2];
    bool good = study_row(run, "what,momentum,step,position,loss") &&
                descend(run, "saddle", saddle, wg_from(((double[]){1, 1e-6}), WG_SHAPE(2)), 0, plain, &loss[0]) &&
                descend(run, "saddle", saddle, wg_from(((double[]){1, 1e-6}), WG_SHAPE(2)), beta, heavy, &loss[1]);
    if (!good)
        return false;
    const double growth = pow(heavy[60] / heavy[40], 1.0 / 20), expected = root(BETA);
    study_near(run, "gradient descent multiplies the distance from the saddle at each step by",
               pow(plain[60] / plain[40], 1.0 / 20), 1 + RATE * CURVATURE, 1e-6);
    study_claim(run, left_at(heavy) < STEPS / 2 && left_at(plain) > STEPS,
                "of %d steps momentum needs %d to leave the saddle, gradient descent more", STEPS, left_at(heavy));
    good = descend(run, "shallow", shallow, wg_full(WG_F64, WG_SHAPE(1), -6), 0, plain, &loss[0]) &&
           descend(run, "shallow", shallow, wg_full(WG_F64, WG_SHAPE(1), -6), beta, heavy, &loss[1]);
    study_claim(run, good && loss[1] < loss[0] - 0.3,
                "from -6 gradient descent stops in a minimum of loss %.2f, momentum in one of %.2f", loss[0], loss[1]);
    study_decide_near(
        run, "at a saddle of curvature -0.5 the heavy ball (rate 0.02, momentum 0.95) multiplies the distance at each step by",
        growth, expected, 2e-3);
    return good;
}

const struct study study_momentum_escape = {.name = "momentum_escape", .control = "momentum of 0", .run = run};
