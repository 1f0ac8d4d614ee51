/* Stochastic gradient Langevin dynamics, θ ← θ - η g + √(2η) ξ, ξ ~ N(0, I), samples the posterior exp(-L), L the sum over all
   data. Bayesian linear regression, y = a + b x + e, e ~ N(0, 1), with a flat prior: the posterior is normal, with the mean of
   least squares and the covariance (XᵀX)⁻¹.

   Many chains at once. The finite rate adds a share of ηh/2 to the variance along the curvature h; a batch's gradient, η times
   its own variance more.

   The rule is that of Welling, Teh (2011), as V. Cevher, Mathematics of Data (EPFL, 2019), writes it. */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 50, CHAINS = 400, BURN = 100, STEPS = 700, EVERY = 20 };

static const double rate = 1e-3;

struct data {
    wg_tensor *x, *y, *solution;
    double covariance[3]; /* of a, of b, of both */
};

static bool data_make(struct data *d, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    double x[ROWS][2], y[ROWS], s = 0, sx = 0, sxx = 0;
    wg_tensor *u = wg_uniform(generator, WG_F64, WG_SHAPE(ROWS), -1, 2), *e = wg_normal(generator, WG_F64, WG_SHAPE(ROWS), 0, 1);
    const double *at = wg_data(u), *noise = wg_data(e);
    for (int i = 0; i < ROWS && at && noise; i++) {
        x[i][0] = 1, x[i][1] = at[i], y[i] = 0.5 + 2 * at[i] + noise[i];
        s += 1, sx += at[i], sxx += at[i] * at[i];
    }
    const double determinant = s * sxx - sx * sx;
    d->covariance[0] = sxx / determinant, d->covariance[1] = s / determinant, d->covariance[2] = -sx / determinant;
    d->x = wg_from(&x[0][0], WG_SHAPE(ROWS, 2)), d->y = wg_from(y, WG_SHAPE(ROWS, 1));
    d->solution = d->x && d->y ? least_squares_solution(d->x, d->y) : NULL;
    wg_free(generator), wg_free(u), wg_free(e);
    return d->solution != NULL;
}

/* The covariance of all chains at every EVERY-th step after the burn-in, and the mean; batches of `size` rows, or all. */
static bool sample(struct study_run *run, const struct data *d, const char *name, int64_t size, double temperature, double mean[2],
                   double covariance[3])
{
    wg_tensor *w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(2, CHAINS)), true);
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = run->seed, .replacement = true, .samples = size);
    bool good = w && batches && wg_seed(run->seed, 1) == WG_OK;
    wg_optim *sgld = good ? wg_optim_sgld(((wg_tensor_list){1, &w, NULL}), .lr = rate, .temperature = temperature) : NULL;
    const double *at = wg_data(w);
    double sum[5] = {0}, n = 0;
    good = good && sgld;
    for (int t = 0; t < BURN + STEPS && good; t++) {
        {
            WG_TAPE(tape);
            wg_tensor *x = d->x, *y = d->y;
            while (size < ROWS && good && (x == d->x || !x))
                good = wg_batches_next(batches, &x, &y) == WG_OK;
            wg_tensor *loss = good ? wg_mul_scalar(wg_sum_squares(wg_sub(wg_matmul(x, w), y)), 0.5 * ROWS / (double)size) : NULL;
            good = loss && wg_backward(loss) == WG_OK && wg_optim_step(sgld) == WG_OK;
        }
        for (int i = 0; i < CHAINS && t >= BURN && t % EVERY == 0; i++) {
            const double a = at[i], b = at[CHAINS + i];
            sum[0] += a, sum[1] += b, sum[2] += a * a, sum[3] += b * b, sum[4] += a * b, n++;
            good = good && (i >= 4 || study_row(run, "%s,%.5g,%.5g", name, a, b));
        }
    }
    mean[0] = sum[0] / n, mean[1] = sum[1] / n;
    covariance[0] = sum[2] / n - mean[0] * mean[0], covariance[1] = sum[3] / n - mean[1] * mean[1],
    covariance[2] = sum[4] / n - mean[0] * mean[1];
    wg_optim_destroy(sgld), wg_batches_destroy(batches), wg_free(w);
    return good;
}

/* Control: half the temperature, which is √η in place of √(2η). */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {0};
    double mean[2], c[3], batch_mean[2], batch[3], worst = 0;
    bool good = data_make(&d, run->seed) && study_row(run, "chain,a,b") &&
                sample(run, &d, "full", ROWS, run->control ? 0.5 : 1, mean, c) &&
                sample(run, &d, "batch", 10, 1, batch_mean, batch);
    const double *want = wg_data(d.solution);
    if (good && want) {
        const double scale = sqrt(d.covariance[0] * d.covariance[1]), correlation = d.covariance[2] / scale;
        for (int k = 0; k < 2; k++)
            worst = fmax(worst, fabs(c[k] / d.covariance[k] - 1));
        worst = fmax(worst, fabs(c[2] - d.covariance[2]) / scale);
        study_claim(run, fabs(mean[0] - want[0]) < 0.02 && fabs(mean[1] - want[1]) < 0.02,
                    "the chains' mean (%.3f, %.3f) is that of the posterior, (%.3f, %.3f), within 0.02", mean[0], mean[1], want[0],
                    want[1]);
        study_claim(run, batch[0] > c[0] || run->control,
                    "batches of 10 at the same rate make the variance %.2f times the posterior's", batch[0] / d.covariance[0]);
        study_decide(
            run, worst < 0.12,
            "SGLD with √(2η)ξ samples a posterior: variances %.4f, %.4f and correlation %.3f of its chains, beside %.4f, %.4f "
            "and %.3f; relative distance at most %.3f, allowed 0.12: sampling 0.04, the rate ηh/2 up to 0.05",
            c[0], c[1], c[2] / sqrt(c[0] * c[1]), d.covariance[0], d.covariance[1], correlation, worst);
        good = study_table(run, "posterior", "mean_a,mean_b,variance_a,variance_b,covariance") &&
               study_row(run, "%.6g,%.6g,%.6g,%.6g,%.6g", want[0], want[1], d.covariance[0], d.covariance[1], d.covariance[2]);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.solution);
    return good;
}

const struct study study_langevin = {.name = "langevin", .control = "noise of √η, half the variance,", .run = run};
