/* The parameters of an ordinary differential equation are found from measurements: rabbits x and foxes y,

       x' = a x - b x y
       y' = d x y - c y        (Lotka, 1925; Volterra, 1926)

   usage: ode [--steps N] [--noise PER_MILLE] [--seed N]

   The equation is solved by the classical Runge-Kutta method on the tape, so the distance of the solution to the measurements has a
   gradient by a, b, c and d, through all steps of the method, and L-BFGS brings it to its minimum. The measurements are a solution
   with known parameters, of steps half as long, with noise. */
#include <math.h>
#include <stdint.h>

#include <wengert.h>

#include "options.h"

enum { POINTS = 40, SUBSTEPS = 4, PARAMETERS = 4 };
static const double truth[PARAMETERS] = {1.1, 0.4, 0.4, 0.1}, guess[PARAMETERS] = {0.8, 0.3, 0.6, 0.15}, interval = 0.5;

/* (x', y') at (x, y), given (a, b, c, d). */
static wg_tensor *slope(wg_tensor *state, wg_tensor *const *p)
{
    wg_tensor *x = wg_select(state, 0, 0), *y = wg_select(state, 0, 1), *xy = wg_mul(x, y);
    wg_tensor *dx = wg_sub(wg_mul(p[0], x), wg_mul(p[1], xy)), *dy = wg_sub(wg_mul(p[3], xy), wg_mul(p[2], y));
    return wg_stack((wg_tensor *[]){dx, dy}, 2, 0);
}

/* state + h k */
static wg_tensor *ahead(wg_tensor *state, double h, wg_tensor *k)
{
    return wg_add(state, wg_mul_scalar(k, h));
}

static wg_tensor *runge_kutta(wg_tensor *state, wg_tensor *const *p, double h)
{
    wg_tensor *k1 = slope(state, p), *k2 = slope(ahead(state, h / 2, k1), p);
    wg_tensor *k3 = slope(ahead(state, h / 2, k2), p), *k4 = slope(ahead(state, h, k3), p);
    return ahead(state, h / 6, wg_add(wg_add(k1, k4), wg_mul_scalar(wg_add(k2, k3), 2)));
}

/* The states at all times of measurement: (POINTS, 2). */
static wg_tensor *solve(wg_tensor *const *p, int substeps)
{
    wg_tensor *state = wg_from(((const double[]){10, 5}), WG_SHAPE(2)), *states[POINTS];
    for (int i = 0; i < POINTS; i++) {
        for (int k = 0; k < substeps; k++)
            state = runge_kutta(state, p, interval / substeps);
        states[i] = state;
    }
    return wg_stack(states, POINTS, 0);
}

static wg_tensor *distance(wg_tensor *const *p, size_t n, void *measured)
{
    (void)n;
    return wg_mse(solve(p, SUBSTEPS), measured);
}

static wg_tensor *measure(double noise)
{
    WG_TAPE(tape);
    wg_tensor *p[PARAMETERS], *states, *deviations;
    for (int i = 0; i < PARAMETERS; i++)
        p[i] = wg_scalar(WG_F64, truth[i]);
    states = solve(p, 2 * SUBSTEPS);
    deviations = wg_normal(wg_generator_default(), WG_F64, WG_SHAPE(POINTS, 2), 0, noise);
    return wg_keep(wg_mul(states, wg_exp(deviations)));
}

static wg_status fit(long steps, double noise)
{
    wg_tensor *measured = measure(noise), *p[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++)
        p[i] = wg_set_requires_grad(wg_scalar(WG_F64, guess[i]), true);
    wg_minimizer *m = wg_minimize_lbfgs(((wg_tensor_list){PARAMETERS, p, NULL}), .max_iterations = steps,
                                        .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
    wg_minimize_result result;
    const wg_status status = wg_minimize_run(m, distance, measured, &result);
    if (status == WG_OK) {
        printf("%lld steps, %lld solutions, mean square %.9g: %s\n", (long long)result.iterations, (long long)result.evaluations,
               result.f, wg_minimize_reason_text(result.reason));
        for (int i = 0; i < PARAMETERS; i++)
            printf("%c = %.9f, true %g, %+.1e of it away\n", "abcd"[i], wg_item(p[i]), truth[i], wg_item(p[i]) / truth[i] - 1);
    }
    wg_minimize_destroy(m), wg_free(measured);
    for (int i = 0; i < PARAMETERS; i++)
        wg_free(p[i]);
    return status;
}

int main(int argc, char **argv)
{
    long steps = 200, per_mille = 20, seed = 0;
    (void)argc;
    read_options(argv, (const struct option[]){{"--steps", "of L-BFGS at most", &steps, NULL},
                                               {"--noise", "of the measurements, per mille", &per_mille, NULL},
                                               {"--seed", "of the noise", &seed, NULL},
                                               {NULL, NULL, NULL, NULL}});
    if (wg_seed((uint64_t)seed, 0) != WG_OK || fit(steps, (double)per_mille / 1000) != WG_OK)
        return wg_error_report(stderr);
    return 0;
}
