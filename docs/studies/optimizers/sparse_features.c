/* AdaGrad and sparse gradients. Linear regression, y = wᵀx, on features that are rarely there: xⱼ is ±1 with probability 2^-j,
   else 0. A weight has a gradient only where its feature is present, so SGD's one rate is right for the frequent features and too
   small for the rare ones. AdaGrad divides by the root of the sum of squares, which is small for a rare feature: its rate stays
   large.

   The claim is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { FEATURES = 8, BATCH = 4, STEPS = 2000, RATES = 6, RUNS = 4 };

static wg_tensor *features(wg_tensor *generator)
{
    wg_tensor *there = wg_from(((double[]){1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125}), WG_SHAPE(FEATURES));
    wg_tensor *u = wg_uniform(generator, WG_F64, WG_SHAPE(BATCH, FEATURES), 0, 1);
    wg_tensor *sign = wg_sign(wg_uniform(generator, WG_F64, WG_SHAPE(BATCH, FEATURES), -1, 1));
    return wg_mul(wg_cast(wg_lt(u, there), WG_F64), sign);
}

/* Adds to squares the (w - w*)² of each weight after the steps, w* = (1, …, 1), over RUNS; false on failure. */
static bool train(const struct study_run *run, uint64_t stream, bool adagrad, double rate, double squares[FEATURES])
{
    double end[FEATURES] = {0};
    wg_tensor *w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true),
              *generator = wg_generator(run->seed, stream);
    const wg_tensor_list list = {1, &w, NULL};
    wg_optim *optim = adagrad ? wg_optim_adagrad(list, .lr = rate) : wg_optim_sgd(list, .lr = rate);
    bool good = optim != NULL;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *x = features(generator), *noise = wg_normal(generator, WG_F64, WG_SHAPE(BATCH, 1), 0, 1);
        wg_tensor *y = wg_add(wg_sum(x, .axis = 1, .keepdims = true), noise);
        good = wg_backward(wg_mul_scalar(wg_mean(wg_square(wg_sub(wg_matmul(x, w), y))), 0.5)) == WG_OK &&
               wg_optim_step(optim) == WG_OK;
    }
    good = good && wg_read(w, end) == WG_OK;
    for (int j = 0; j < FEATURES; j++)
        squares[j] += (end[j] - 1) * (end[j] - 1) / RUNS;
    wg_optim_destroy(optim);
    wg_free(w), wg_free(generator);
    return good;
}

/* The smallest root mean square, over the runs, of the distance ‖w - w*‖ over the rates, and the weights' errors there. NaN on failure. */
static double best(struct study_run *run, bool adagrad, double error[FEATURES])
{
    double least = INFINITY;
    for (int i = 0; i < RATES; i++) {
        double squares[FEATURES] = {0}, sum = 0;
        const double rate = pow(0.5, i);
        for (uint64_t stream = 0; stream < RUNS; stream++)
            if (!train(run, stream, adagrad, rate, squares))
                return NAN;
        for (int j = 0; j < FEATURES; j++)
            sum += squares[j];
        if (!study_row(run, "%s,%g,%.9g", adagrad ? "adagrad" : "sgd", rate, sqrt(sum)))
            return NAN;
        if (!(sqrt(sum) < least))
            continue;
        least = sqrt(sum);
        for (int j = 0; j < FEATURES; j++)
            error[j] = sqrt(squares[j]);
    }
    return least;
}

/* Control: SGD in place of AdaGrad. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double sgd[FEATURES], adagrad[FEATURES];
    bool good = study_row(run, "optimizer,rate,distance");
    const double of_sgd = best(run, false, sgd), of_adagrad = best(run, !run->control, adagrad);
    good = good && study_table(run, "weights", "feature,sgd,adagrad");
    for (int j = 0; j < FEATURES && good; j++)
        good = study_row(run, "%d,%.6g,%.6g", j, sgd[j], adagrad[j]);
    study_decide(
        run, of_adagrad < 0.85 * of_sgd,
        "features that are there with probability 1 to 1/128: at the best of %d rates AdaGrad ends %.2f from the weights and "
        "SGD %.2f, root mean squares of %d runs: %.2f of it; below 0.85",
        RATES, of_adagrad, of_sgd, RUNS, of_adagrad / of_sgd);
    return good && !isnan(of_sgd + of_adagrad);
}

const struct study study_sparse_features = {.name = "sparse_features", .control = "SGD in place of AdaGrad", .run = run};
