/* The squared error and the absolute error of a prediction c for the numbers y₁ … y_n. Σ(c - yᵢ)² is least at the mean, Σ|c - yᵢ| at the
   median: the gradient of the first is the sum of the residuals, that of the second the number of yᵢ below c less the number above. So a
   single number that is far off moves the first by its share of 1/n, and the second not at all.

   Both losses are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { N = 11, STEPS = 3000, OUTLIERS = 6 };
static const double numbers[N] = {-1.2, -0.9, -0.5, -0.2, 0.1, 0.3, 0.4, 0.8, 1.0, 1.3, 1.6};
static const double outliers[OUTLIERS] = {1.6, 3, 6, 12, 25, 50};

enum kind { SQUARED, ABSOLUTE, HUBER, KINDS };

static wg_tensor *loss_of(enum kind kind, wg_tensor *c, wg_tensor *y)
{
    wg_tensor *prediction = wg_broadcast_to(c, WG_SHAPE(N));
    return kind == SQUARED ? wg_mse(prediction, y) : kind == ABSOLUTE ? wg_l1(prediction, y) : wg_huber(prediction, y);
}

/* Where (sub)gradient descent at the rate 0.5/√t ends from c = 0, with the last number replaced by an outlier; NaN if something failed. */
static double fit(enum kind kind, double outlier)
{
    double data[N];
    for (int i = 0; i < N; i++)
        data[i] = i < N - 1 ? numbers[i] : outlier;
    wg_tensor *c = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1)), true), *y = wg_from(data, WG_SHAPE(N));
    wg_optim *sgd = c && y ? wg_optim_sgd(((wg_tensor_list){1, &c, NULL}), .lr = 0.5) : NULL;
    bool good = sgd != NULL;
    for (int t = 1; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        good = wg_optim_set_lr(sgd, 0, 0.5 / sqrt(t)) == WG_OK && wg_backward(loss_of(kind, c, y)) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    const double found = good ? wg_item(c) : (double)NAN;
    wg_optim_destroy(sgd);
    wg_free(c), wg_free(y);
    return found;
}

/* The losses of one residual and their derivatives. */
static bool draw(struct study_run *run)
{
    bool good = study_table(run, "losses", "residual,squared,absolute,huber");
    for (int i = -30; i <= 30 && good; i++) {
        WG_TAPE(tape);
        wg_tensor *r = wg_full(WG_F64, WG_SHAPE(1), i / 10.0), *zero = wg_zeros(WG_F64, WG_SHAPE(1));
        good = study_row(run, "%g,%.9g,%.9g,%.9g", i / 10.0, wg_item(wg_mse(r, zero)), wg_item(wg_l1(r, zero)),
                         wg_item(wg_huber(r, zero)));
    }
    return good;
}

/* Control: the squared error in the place of the absolute one. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double at[KINDS][OUTLIERS], mean_off = 0, moved = 0;
    bool good = study_row(run, "outlier,squared,absolute,huber");
    for (int i = 0; i < OUTLIERS && good; i++) {
        double mean = outliers[i] / N;
        for (int k = 0; k < N - 1; k++)
            mean += numbers[k] / N;
        for (int kind = 0; kind < KINDS; kind++)
            at[kind][i] = fit(kind == ABSOLUTE && run->control ? SQUARED : (enum kind)kind, outliers[i]);
        good = !isnan(at[0][i] + at[1][i] + at[2][i]) &&
               study_row(run, "%g,%.9g,%.9g,%.9g", outliers[i], at[0][i], at[1][i], at[2][i]);
        mean_off = fmax(mean_off, fabs(at[SQUARED][i] - mean));
        moved = fmax(moved, fabs(at[ABSOLUTE][i] - 0.3));
    }
    if (!good || !draw(run))
        return false;
    study_claim(run, mean_off < 1e-9, "the squared error is least at the mean, off by %.1e", mean_off);
    study_claim(run, at[HUBER][OUTLIERS - 1] < 0.6, "Huber's loss, absolute beyond 1, moves to %.2f at most",
                at[HUBER][OUTLIERS - 1]);
    study_decide(
        run, moved < 0.01,
        "one of 11 numbers goes from 1.6 to 50: the absolute error's minimum stays at the median 0.3 within %.4f (0.01: the last "
        "rate, 0.5/√%d); that of the squared error moves by %.2f",
        moved, STEPS, at[SQUARED][OUTLIERS - 1] - at[SQUARED][0]);
    return true;
}

const struct study study_regression_losses = {
    .name = "regression_losses", .control = "the squared error in the place of the absolute one", .run = run};
