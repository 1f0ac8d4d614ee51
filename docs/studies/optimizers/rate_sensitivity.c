/* Which rate is right? If a loss is multiplied by c, SGD's best rate is divided by c. Adaptive rules divide by the root of
   squared gradients, so that c cancels: a rate that is right for one problem is right for the same problem in another unit. Here
   least squares is multiplied by 1/100, 1 and 100.

   That adaptive methods are less sensitive to the rate is said by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 64, FEATURES = 5, STEPS = 150, RATES = 25, SCALES = 3, RULES = 3 };

static const char *const name[RULES] = {"sgd", "rmsprop", "adam"};
static const double scale[SCALES] = {0.01, 1, 100};

struct data {
    wg_tensor *x, *y, *w, *solution;
    double least;
};

static double loss_at(const struct data *d)
{
    WG_TAPE(tape);
    return wg_item(least_squares_loss(d->x, d->y, d->w));
}

/* The excess loss, in the unit of c = 1, after the steps; INFINITY if it diverged, NaN on failure. */
static double train(const struct data *d, int rule, double c, double rate)
{
    const wg_tensor_list w = {1, &d->w, NULL};
    wg_optim *optim = rule == 0   ? wg_optim_sgd(w, .lr = rate)
                      : rule == 1 ? wg_optim_rmsprop(w, .lr = rate)
                                  : wg_optim_adam(w, .lr = rate);
    bool good = optim && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        good = wg_backward(wg_mul_scalar(least_squares_loss(d->x, d->y, d->w), c)) == WG_OK && wg_optim_step(optim) == WG_OK;
    }
    wg_optim_destroy(optim);
    const double excess = loss_at(d) - d->least;
    return !good ? (double)NAN : excess < 1e6 ? fmax(excess, 1e-12) : (double)INFINITY;
}

/* Control: SGD in place of the adaptive rules. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    double best[RULES][SCALES] = {{0}};
    bool good = d.w &&
                wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .condition = 10, .seed = run->seed,
                                           .dtype = WG_F64) == WG_OK &&
                (d.solution = least_squares_solution(d.x, d.y)) && wg_write_raw(d.w, wg_data(d.solution)) == WG_OK &&
                study_row(run, "rule,scale,rate,excess");
    d.least = good ? loss_at(&d) : 0;
    for (int r = 0; r < RULES; r++)
        for (int s = 0; s < SCALES; s++) {
            double least = INFINITY;
            for (int k = 0; k < RATES && good; k++) {
                const double rate = pow(10, -4 + k / 3.0), excess = train(&d, run->control ? 0 : r, scale[s], rate);
                good = !isnan(excess) && study_row(run, "%s,%g,%.4g,%.6g", name[r], scale[s], rate, excess);
                if (excess < least)
                    least = excess, best[r][s] = rate;
            }
        }
    if (good) {
        study_claim(run, fabs(log10(best[0][0] / best[0][2]) - 4) < 0.4,
                    "SGD's best rate is %.3g, %.3g, %.3g for losses times 0.01, 1, 100: in proportion to their inverses",
                    best[0][0], best[0][1], best[0][2]);
        study_decide(run, fabs(log10(best[1][0] / best[1][2])) < 0.4 && fabs(log10(best[2][0] / best[2][2])) < 0.4,
                     "a loss times 0.01, 1 and 100: Adam's best rate is %.2g, %.2g, %.2g and RMSProp's %.2g, %.2g, %.2g, the "
                     "same within one step of the grid, 10^⅓; SGD's falls by 10⁴",
                     best[2][0], best[2][1], best[2][2], best[1][0], best[1][1], best[1][2]);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution);
    return good;
}

const struct study study_rate_sensitivity = {
    .name = "rate_sensitivity", .control = "SGD in place of the adaptive rules", .run = run};
