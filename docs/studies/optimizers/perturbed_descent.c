/* Perturbed gradient descent, x ← x - η(g + ξ), ξ uniform on the unit sphere, leaves strict saddles. f = x₁⁴/4 - x₁²/2 + (x₂² +
   x₃² + x₄²)/2 has a saddle at 0 between two minima at x₁ = ±1. From (0, 1, 1, 1) gradient descent ends at the saddle. With ξ,
   after T = O(η⁻² ln 1/ζ) steps a run is within O(√(η ln(1/(ηζ)))) of a minimum, with probability 1 - ζ.

   Measured over many runs: the time by which all but a share ζ are at a minimum, and the distance from it, for several η.

   The theorem is that of Ge, Huang, Jin, Yuan (2015), as V. Cevher, Mathematics of Data (EPFL, 2019), states it. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { RUNS = 64, DIMENSIONS = 4, RATES = 4 };

static const double zeta = 0.125;

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The (1 - part) quantile. */
static double quantile(double *x, double part)
{
    qsort(x, RUNS, sizeof *x, ascending);
    return x[(int)((1 - part) * RUNS) - 1];
}

/* The distance from the nearer minimum. */
static double distance(const double *x)
{
    double squares = (fabs(x[0]) - 1) * (fabs(x[0]) - 1);
    for (int j = 1; j < DIMENSIONS; j++)
        squares += x[j] * x[j];
    return sqrt(squares);
}

/* The gradient of the sum of f over all runs, which have a sphere each. */
static wg_status pull(wg_tensor *const *x)
{
    wg_tensor *all = wg_stack(x, RUNS, 0), *first = wg_slice(all, 1, 0, 1, 1), *rest = wg_slice(all, 1, 1, DIMENSIONS, 1);
    wg_tensor *f = wg_sub(wg_mul_scalar(wg_sum_squares(wg_square(first)), 0.25), wg_mul_scalar(wg_sum_squares(first), 0.5));
    return wg_backward(wg_add(f, wg_mul_scalar(wg_sum_squares(rest), 0.5)));
}

/* *time: steps until all but a share ζ of the runs have been within 0.5 of a minimum. *rare: the same for ζ². *radius: the
   quantile of the distance at the end. */
static bool escape(struct study_run *run, wg_tensor *const *x, double rate, double *time, double *rare, double *radius)
{
    const double start[DIMENSIONS] = {0, 1, 1, 1};
    const int steps = (int)(8 / rate * log(1 / rate)) + 200;
    double arrived[RUNS], now[RUNS];
    wg_optim *optim = wg_optim_perturbed_sgd(((wg_tensor_list){RUNS, x, NULL}), .lr = rate, .radius = run->control ? 0 : 1);
    bool good = optim != NULL;
    for (int i = 0; i < RUNS && good; i++)
        arrived[i] = INFINITY, good = wg_write(x[i], start) == WG_OK;
    for (int t = 0; t < steps && good; t++) {
        WG_TAPE(tape);
        good = pull(x) == WG_OK && wg_optim_step(optim) == WG_OK;
        for (int i = 0; i < RUNS; i++) {
            const double *at = wg_data(x[i]);
            now[i] = distance(at);
            arrived[i] = now[i] < 0.5 ? fmin(arrived[i], t + 1) : arrived[i];
        }
        const double *a = wg_data(x[0]), *b = wg_data(x[1]), *c = wg_data(x[2]);
        if (rate > 0.045 && rate < 0.055)
            good = good && study_row(run, "%d,%.6g,%.6g,%.6g", t + 1, a[0], b[0], c[0]);
    }
    wg_optim_destroy(optim);
    *time = quantile(arrived, zeta), *rare = quantile(arrived, zeta * zeta), *radius = quantile(now, zeta);
    return good;
}

/* Control: radius 0, which is gradient descent. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x[RUNS];
    double rate[RATES], time[RATES], rare[RATES], radius[RATES], bound[RATES], most = 0, longest = 0;
    bool good = wg_seed(run->seed, 0) == WG_OK && study_row(run, "step,run1,run2,run3");
    for (int i = 0; i < RUNS; i++)
        good = (x[i] = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(DIMENSIONS)), true)) && good;
    for (int k = 0; k < RATES && good; k++) {
        rate[k] = 0.2 * pow(0.5, k);
        good = escape(run, x, rate[k], &time[k], &rare[k], &radius[k]);
        bound[k] = sqrt(rate[k] * log(1 / (rate[k] * zeta)));
        most = fmax(most, radius[k] / bound[k]);
        longest = fmax(longest, rare[k] / time[k]);
    }
    good = good && study_table(run, "rates", "rate,time,time_bound,radius,radius_bound");
    for (int k = 0; k < RATES && good; k++)
        good = study_row(run, "%g,%g,%.6g,%.6g,%.6g", rate[k], time[k], log(1 / zeta) / (rate[k] * rate[k]), radius[k], bound[k]);
    if (good) {
        const double p = study_exponent(rate, time, RATES), q = study_exponent(rate, radius, RATES);
        study_claim(run, longest < 2, "ln 1/ζ: for ζ² in place of ζ the time is at most %.2f times as long, below 2", longest);
        study_claim(run, most < 1.5, "the distance is at most %.2f √(η ln(1/(ηζ))), below 1.5", most);
        study_decide(
            run, p < -0.8 && p > -2 && fabs(q - 0.5) < 0.15,
            "perturbed descent leaves a saddle: 7/8 of %d runs are at a minimum in a time that grows as η^%.2f, within the "
            "bound η⁻², from where they stay at a distance that falls as η^%.2f, ½ within 0.15; unperturbed none leaves",
            RUNS, p, q);
    }
    for (int i = 0; i < RUNS; i++)
        wg_free(x[i]);
    return good;
}

const struct study study_perturbed_descent = {.name = "perturbed_descent", .control = "a sphere of radius 0", .run = run};
