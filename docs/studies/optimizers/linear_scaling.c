/* The linear scaling rule: with k times as many examples in a batch the rate is multiplied by k. One step of k times the rate
   then does what k steps did, as long as the gradient hardly changes within them, and the noise, η/B, stays: curves by epoch
   coincide. It ends where the rate becomes too large, at kη > 2/λ.

   Least squares, batches of 4k examples. The rule is given by A. Risteski, Advanced optimization (CMU, 2021); Goyal et al.
   (2017). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 2048, FEATURES = 8, EPOCHS = 12, FACTORS = 6, BATCH = 4 };

static const double rate = 0.006;

struct data {
    wg_tensor *x, *y, *w, *solution;
    double least;
};

static double excess(const struct data *d)
{
    WG_TAPE(tape);
    return wg_item(least_squares_loss(d->x, d->y, d->w)) - d->least;
}

/* The excess loss after the first epoch, in *first, and its mean over the last half; INFINITY if it diverges, NaN on failure. */
static double train(struct study_run *run, const struct data *d, int k, bool scaled, double *first)
{
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = BATCH * k, .seed = run->seed, .replacement = true);
    wg_lr *schedule = wg_lr_batch_scaling(.batch = scaled ? BATCH * k : BATCH, .reference = BATCH);
    bool good = batches && schedule && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &d->w, NULL}), .lr = rate) : NULL;
    double sum = 0, now = 0;
    good = sgd && wg_lr_set(schedule, sgd, 0) == WG_OK;
    for (int epoch = 0; epoch < EPOCHS && good; epoch++) {
        for (bool more = true; more && good;) {
            WG_TAPE(tape);
            wg_tensor *x, *y;
            good = wg_batches_next(batches, &x, &y) == WG_OK;
            more = x != NULL;
            good = good && (!more || (wg_backward(least_squares_loss(x, y, d->w)) == WG_OK && wg_optim_step(sgd) == WG_OK));
        }
        now = excess(d);
        *first = epoch == 0 ? now : *first;
        sum += epoch >= EPOCHS / 2 ? now / (EPOCHS - EPOCHS / 2) : 0;
        good = good && study_row(run, "%s,%d,%d,%.6g", scaled ? "scaled" : "same", k, epoch + 1, now);
        if (!(now < 1e6))
            break;
    }
    wg_optim_destroy(sgd), wg_lr_destroy(schedule), wg_batches_destroy(batches);
    return !good ? (double)NAN : now < 1e6 ? sum : (double)INFINITY;
}

/* Control: the rate is not scaled. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    double first[FACTORS], same[FACTORS], later[FACTORS], spread = 0;
    bool good = d.w &&
                wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .noise = 1, .seed = run->seed,
                                           .dtype = WG_F64) == WG_OK &&
                (d.solution = least_squares_solution(d.x, d.y)) && wg_write_raw(d.w, wg_data(d.solution)) == WG_OK &&
                study_row(run, "rule,k,epoch,excess");
    d.least = good ? excess(&d) : 0;
    for (int i = 0; i < FACTORS && good; i++) {
        later[i] = train(run, &d, 1 << i, !run->control, &first[i]);
        good = !isnan(train(run, &d, 1 << i, false, &same[i])) && !isnan(later[i]);
    }
    double ignored = 0;
    const double large = good ? train(run, &d, 512, true, &ignored) : (double)NAN;
    good = good && !isnan(large);
    if (good) {
        for (int i = 0; i < FACTORS; i++)
            spread = fmax(spread, fabs(log(first[i] / first[0])));
        study_claim(run, isinf(large), "k = 512, a rate of 3.1 where 2/λ is about 2: the rule ends, SGD diverges");
        study_claim(run, same[FACTORS - 1] > 10 * same[0],
                    "with the rate unchanged a batch of 128 is at %.2g after an epoch, one of 4 at %.2g", same[FACTORS - 1],
                    same[0]);
        study_decide(
            run, spread < log(3) && later[FACTORS - 1] < 3 * later[0] && later[FACTORS - 1] > later[0] / 3,
            "batches of 4 to 128 at rates in proportion: after one epoch the excess loss is the same within a factor of %.2f, "
            "and later %.2g and %.2g (both within 3, for it is random)",
            exp(spread), later[0], later[FACTORS - 1]);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution);
    return good;
}

const struct study study_linear_scaling = {.name = "linear_scaling", .control = "a rate that is not scaled", .run = run};
