/* Gradient descent, θ ← θ - η∇L, on a loss that sums over the examples or averages over them. The gradients differ by the factor
   m, the number of examples, so the sum at the rate η/m takes the path of the mean at the rate η. The largest rate, 2/λ of the
   steepest direction, falls as 1/m for the sum and does not depend on m for the mean: a rate for means serves more data, too.

   F. Gogianu (Bitdefender ML) sums, J. Sun (Minnesota, 2020) averages. */
#include "../study.h"

#include <math.h>

enum { FEATURES = 3, SIZES = 5, STEPS = 60 };

struct data {
    wg_tensor *x, *y, *w;
};

/* STEPS steps from 0; their weights go to path, unless it is NULL. Returns ‖w‖ at the end; NaN on failure. */
static double descend(const struct data *d, bool sum, double rate, double *path)
{
    const double zero[FEATURES] = {0};
    double w[FEATURES] = {0};
    bool good = wg_write(d->w, zero) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &d->w, NULL}), .lr = rate) : NULL;
    good = sgd != NULL;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *squares = wg_square(wg_sub(wg_matmul(d->x, d->w), d->y));
        good = wg_backward(sum ? wg_sum(squares) : wg_mean(squares)) == WG_OK && wg_optim_step(sgd) == WG_OK &&
               wg_read(d->w, w) == WG_OK;
        for (int j = 0; j < FEATURES && path; j++)
            path[t * FEATURES + j] = w[j];
    }
    wg_optim_destroy(sgd);
    return good ? sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]) : (double)NAN;
}

/* The largest rate at which the weights stay small, by bisection of its logarithm. */
static double largest_rate(const struct data *d, bool sum)
{
    double low = 1e-6, high = 10;
    while (high / low > 1.01) {
        const double rate = sqrt(low * high);
        *(descend(d, sum, rate, NULL) < 1e2 ? &low : &high) = rate;
    }
    return low;
}

/* Control: the sum at the rate of the mean. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double of_mean[STEPS * FEATURES] = {0}, of_sum[STEPS * FEATURES] = {0};
    double m[SIZES], mean[SIZES], sum[SIZES], apart = 0;
    bool good = study_row(run, "m,largest_rate_sum,largest_rate_mean");
    for (int i = 0; i < SIZES && good; i++) {
        struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
        m[i] = 20 * pow(4, i);
        good = d.w && wg_dataset_make_regression(&d.x, &d.y, .rows = (int64_t)m[i], .features = FEATURES, .condition = 10,
                                                 .seed = run->seed, .dtype = WG_F64) == WG_OK;
        good = good && !isnan(descend(&d, false, 0.1, of_mean)) &&
               !isnan(descend(&d, true, run->control ? 0.1 : 0.1 / m[i], of_sum));
        for (int k = 0; k < STEPS * FEATURES && good; k++)
            apart = fmax(apart, fabs(of_mean[k] - of_sum[k]));
        mean[i] = good ? largest_rate(&d, false) : (double)NAN;
        sum[i] = good ? largest_rate(&d, true) : (double)NAN;
        good = good && study_row(run, "%g,%.6g,%.6g", m[i], sum[i], mean[i]);
        wg_free(d.x), wg_free(d.y), wg_free(d.w);
    }
    good = good && study_table(run, "path", "step,mean,sum");
    for (int t = 0; t < STEPS && good; t++)
        good = study_row(run, "%d,%.9g,%.9g", t + 1, of_mean[t * FEATURES], of_sum[t * FEATURES]);
    study_near(run, "sum: exponent of the largest rate in the number of examples", study_exponent(m, sum, SIZES), -1, 0.15);
    study_near(run, "mean: exponent of the largest rate in the number of examples", study_exponent(m, mean, SIZES), 0, 0.15);
    study_decide(
        run, apart < 1e-11,
        "gradient descent on a sum over m examples at the rate η/m takes the path of the mean at the rate η: largest distance "
        "%.1e, below 1e-11, for m from 20 to 5120",
        apart);
    return good;
}

const struct study study_gradient_sum = {.name = "gradient_sum", .control = "the sum at the rate of the mean", .run = run};
