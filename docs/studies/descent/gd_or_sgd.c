/* Gradient descent or stochastic gradient descent? Least squares, f(w) = ‖y - Xw‖²/(2m), with X of 10,000 × 500. A step of gradient descent
   (GD) uses all m examples, one of SGD a single one, in a new random order each epoch. By iteration GD is ahead by far. But m steps of SGD,
   an epoch, cost about as much as one of GD; and by epoch SGD is ahead, until the noise of its steps stops it.

   The comparison is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { EPOCHS = 11, SHOWN = 20 };

struct problem {
    wg_tensor *x, *y, *w, *zero; /* (m, n), (m, 1), (n, 1), (n, 1); w requires a gradient */
    int64_t m, n;
    double best; /* the minimum of f */
};

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, wg_tensor *w)
{
    return wg_mul_scalar(wg_mse(wg_matmul(x, w), y), 0.5);
}

/* f(w) - min f; NaN on failure. */
static double excess(const struct problem *p)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    return wg_item(loss(p->x, p->y, p->w)) - p->best;
}

static bool make(struct problem *p, uint64_t seed)
{
    bool good = wg_dataset_make_regression(&p->x, &p->y, .rows = p->m, .features = p->n, .seed = seed, .dtype = WG_F64) == WG_OK;
    p->w = good ? wg_zeros(WG_F64, WG_SHAPE(p->n, 1)) : NULL;
    p->zero = good ? wg_zeros(WG_F64, WG_SHAPE(p->n, 1)) : NULL;
    good = p->w && p->zero && wg_set_requires_grad(p->w, true);
    WG_TAPE(tape);
    wg_tensor *xt = good ? wg_transpose(p->x, 0, 1) : NULL;
    p->best = wg_item(loss(p->x, p->y, wg_solve(wg_matmul(xt, p->x), wg_matmul(xt, p->y))));
    return isfinite(p->best);
}

/* A step with the gradient of all examples, or of the next batch. *operations, unless NULL: all that it took. */
static bool step(const struct problem *p, wg_optim *sgd, wg_batches *batches, double *operations)
{
    WG_TAPE(tape, .trace = operations != NULL);
    wg_tensor *x = p->x, *y = p->y;
    bool good = !batches || (wg_batches_next(batches, &x, &y) == WG_OK && (x || wg_batches_next(batches, &x, &y) == WG_OK));
    good = good && wg_backward(loss(x, y, p->w)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    wg_cost_table *table = good && operations ? wg_cost_of(tape) : NULL;
    for (int part = 0; table && part < WG_COST_PARTS; part++)
        *operations += wg_cost_operations(table->section[0].sum[part].cost);
    good = good && (table || !operations);
    wg_cost_destroy(table);
    return good;
}

/* Descends from w = 0. after: f after k iterations, k ≤ SHOWN; epoch: after each `steps` iterations. */
static bool descend(struct study_run *run, struct problem *p, double rate, wg_batches *batches, int64_t steps,
                    double after[SHOWN + 1], double epoch[EPOCHS + 1], double *operations)
{
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){1, &p->w, NULL}), .lr = rate);
    bool good = sgd && wg_assign(p->w, p->zero) == WG_OK;
    for (int64_t k = 0; (k <= EPOCHS * steps || k <= SHOWN) && good; k++) {
        if (k <= SHOWN || k % steps == 0) {
            const double f = excess(p);
            good = isfinite(f) && study_row(run, "%d,%lld,%.9g,%.9g", batches != NULL, (long long)k, (double)k / (double)steps, f);
            if (k <= SHOWN)
                after[k] = f;
            if (k % steps == 0 && k <= EPOCHS * steps)
                epoch[k / steps] = f;
        }
        good = good && step(p, sgd, batches, k == 0 ? operations : NULL);
    }
    wg_optim_destroy(sgd);
    return good;
}

/* Of 1 … SHOWN iterations and of the epochs: how many GD, or SGD, is ahead of the other after. */
static bool compare(struct study_run *run, struct problem *p)
{
    double gd[SHOWN + 1], sgd[SHOWN + 1], gd_epoch[EPOCHS + 1], sgd_epoch[EPOCHS + 1], cost[2] = {0};
    const int64_t steps = run->control ? 1 : p->m;
    /* the largest eigenvalue of XᵀX/m is L = (1 + √(n/m))² for large Gaussian X, and the mean of ‖x‖² is n */
    const double gd_rate = pow(1 + sqrt((double)p->n / (double)p->m), -2), sgd_rate = 0.2 / (double)p->n;
    wg_batches *batches = wg_batches_create(p->x, p->y, .size = 1, .seed = run->seed);
    const bool good = batches && study_row(run, "stochastic,iteration,epoch,excess") &&
                      descend(run, p, gd_rate, NULL, 1, gd, gd_epoch, &cost[0]) &&
                      descend(run, p, sgd_rate, batches, steps, sgd, sgd_epoch, &cost[1]);
    int gd_ahead = 0, sgd_ahead = 0;
    for (int k = 1; k <= EPOCHS && good; k++)
        gd_ahead += gd[k] < sgd[k], sgd_ahead += sgd_epoch[k] < gd_epoch[k];
    wg_batches_destroy(batches);
    if (!good)
        return false;
    const double ratio = (double)p->m * cost[1] / cost[0];
    study_near(run, "operations of an epoch of SGD, relative to a step of GD (an update for each example)", ratio, 1.5, 0.05);
    study_claim(run, run->control || sgd_epoch[EPOCHS] > gd[SHOWN],
                "the noise of SGD stops it: %.1e above the minimum after %d epochs; GD is %.1e above after %d steps",
                sgd_epoch[EPOCHS], EPOCHS, gd[SHOWN], SHOWN);
    (run->quick ? study_reduced : study_decide)(
        run, gd_ahead == EPOCHS && sgd_ahead >= 4 && sgd_epoch[1] < 0.1 * gd_epoch[1],
        "least squares, %lld × %lld: by iteration GD is ahead in %d of the first %d; by epoch, each the cost of %.2f GD steps, SGD is ahead in "
        "%d (at least 4); after one its excess loss is %.4f, that of GD %.0f",
        (long long)p->m, (long long)p->n, gd_ahead, EPOCHS, ratio, sgd_ahead, sgd_epoch[1], gd_epoch[1]);
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem p = {.m = run->quick ? 1000 : 10000, .n = run->quick ? 50 : 500};
    const bool good = make(&p, run->seed) && compare(run, &p);
    wg_free(p.x), wg_free(p.y), wg_free(p.w), wg_free(p.zero);
    return good;
}

const struct study study_gd_or_sgd = {
    .name = "gd_or_sgd", .control = "an epoch of SGD that is a single step, so that its cost does not count,", .run = run};
