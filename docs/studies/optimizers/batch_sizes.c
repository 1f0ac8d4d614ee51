/* Batches of 1 to hundreds of examples; 32 is a usual default. Each step of SGD costs as many examples as its batch has. A larger
   batch has less noise, so it needs fewer steps to a loss, down to the number that gradient descent needs; it needs more
   examples.

   Least squares, the rate the best of several for each batch size; the target is an excess loss of 1e-2 of the start's. The sizes
   are those of A. Risteski, Advanced optimization (CMU, 2021). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 1024, FEATURES = 10, SIZES = 6, RATES = 7, MAX_EXAMPLES = 1 << 14 };

struct data {
    wg_tensor *x, *y, *w, *best;
    double start, least; /* losses at 0 and at the minimum */
};

static double full_loss(const struct data *d, wg_tensor *w)
{
    WG_TAPE(tape);
    return wg_item(least_squares_loss(d->x, d->y, w));
}

/* Steps until the loss of all data is at the target, looked at every now and then; MAX_EXAMPLES at most are seen; NaN on failure,
   INFINITY if it was not reached. */
static double steps_to_target(const struct data *d, uint64_t seed, int size, double rate)
{
    const double zero[FEATURES] = {0};
    const int look = size < 16 ? 16 / size : 1;
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = seed);
    bool good = batches && wg_write(d->w, zero) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &d->w, NULL}), .lr = rate) : NULL;
    double loss = d->start;
    int steps = 0;
    good = good && sgd;
    while (good && (loss - d->least) > 0.01 * (d->start - d->least) && loss < 10 * d->start && steps * size < MAX_EXAMPLES) {
        {
            WG_TAPE(tape);
            wg_tensor *x = NULL, *y = NULL;
            good = wg_batches_next(batches, &x, &y) == WG_OK;
            if (good && !x)
                continue;
            good = good && wg_backward(least_squares_loss(x, y, d->w)) == WG_OK && wg_optim_step(sgd) == WG_OK;
        }
        if (++steps % look == 0)
            loss = full_loss(d, d->w);
    }
    wg_optim_destroy(sgd), wg_batches_destroy(batches);
    return !good ? (double)NAN : (loss - d->least) > 0.01 * (d->start - d->least) ? (double)INFINITY : steps;
}

/* Control: the number of examples is taken for the number of steps. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    double steps[SIZES] = {0};
    bool good = wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .noise = 1, .condition = 4,
                                           .seed = run->seed, .dtype = WG_F64) == WG_OK &&
                d.w && (d.best = least_squares_solution(d.x, d.y)) && study_row(run, "batch,rate,steps,examples");
    d.start = good ? full_loss(&d, d.w) : 0, d.least = good ? full_loss(&d, d.best) : 0;
    for (int i = 0; i < SIZES && good; i++) {
        const int size = 1 << 2 * i;
        double best_rate = 0;
        steps[i] = INFINITY;
        for (int k = 0; k < RATES && good; k++) {
            const double rate = 1.5 * pow(0.5, k), now = steps_to_target(&d, run->seed, size, rate);
            good = !isnan(now);
            if (now < steps[i])
                steps[i] = now, best_rate = rate;
        }
        good = good && study_row(run, "%d,%.4g,%g,%g", size, best_rate, steps[i], steps[i] * size);
        if (run->control)
            steps[i] *= size;
    }
    bool fewer = good;
    for (int i = 1; i < SIZES; i++)
        fewer = fewer && steps[i] <= 1.1 * steps[i - 1];
    study_claim(run, good && (run->control || steps[SIZES - 1] * 1024 > 4 * steps[0]),
                "with batches of 1024 the target takes %g examples, more than 4 times the %g of batches of 1",
                steps[SIZES - 1] * 1024, steps[0]);
    study_decide(
        run, fewer && steps[0] > 8 * steps[SIZES - 1],
        "least squares to 1%% of the excess loss, the best rate for each batch: 1, 4, 16, 64, 256, 1024 examples take %g, %g, "
        "%g, %g, %g, %g steps: never more (by 1.1), and from 1 to 1024 fewer by 8",
        steps[0], steps[1], steps[2], steps[3], steps[4], steps[5]);
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.best);
    return good;
}

const struct study study_batch_sizes = {.name = "batch_sizes", .control = "examples counted as steps", .run = run};
