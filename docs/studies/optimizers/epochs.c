/* Two ways to draw batches: each example with replacement, independently; or in epochs, each example once, in a new order. With
   replacement an epoch leaves out a share of (1-1/m)^m, about 1/e, of the examples. In shuffled epochs errors of an epoch's steps
   nearly cancel: each example has pulled once. At a constant rate η the mean ‖w - w*‖² at the ends of epochs is then O(η) with
   replacement, and O(η²) or less in shuffled epochs.

   Both are given by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 64, FEATURES = 4, EPOCHS = 160, RATES = 5 };

struct data {
    wg_tensor *x, *y, *index, *best, *w; /* index: (rows), the number of each row */
};

static bool data_make(struct data *d, uint64_t seed)
{
    double number[ROWS];
    for (int i = 0; i < ROWS; i++)
        number[i] = i;
    d->index = wg_from(number, WG_SHAPE(ROWS));
    d->w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true);
    return wg_dataset_make_regression(&d->x, &d->y, .rows = ROWS, .features = FEATURES, .noise = 1, .seed = seed,
                                      .dtype = WG_F64) == WG_OK &&
           (d->best = least_squares_solution(d->x, d->y)) && d->w && d->index;
}

/* The mean of ‖w - w*‖² at the ends of the later half of the epochs, at batches of one; *seen: the mean share of the rows that an
   epoch has. NaN on failure. */
static double train(struct study_run *run, struct data *d, bool replacement, double rate, double *seen)
{
    const double *best = wg_data(d->best);
    double w[FEATURES], sum = 0;
    wg_batches *batches = wg_batches_create(d->index, WG_NONE, .size = 1, .seed = run->seed, .replacement = replacement);
    bool good = batches && wg_write_raw(d->w, best) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &d->w, NULL}), .lr = rate) : NULL;
    *seen = 0;
    good = good && sgd;
    for (int epoch = 0; epoch < EPOCHS && good; epoch++) {
        bool there[ROWS] = {false};
        for (bool more = true; more && good;) {
            WG_TAPE(tape);
            wg_tensor *row = NULL;
            good = wg_batches_next(batches, &row, NULL) == WG_OK;
            more = row != NULL;
            if (!more || !good)
                break;
            const int64_t i = (int64_t)wg_item(row);
            there[i] = true;
            wg_tensor *loss = least_squares_loss(wg_slice(d->x, 0, i, i + 1, 1), wg_slice(d->y, 0, i, i + 1, 1), d->w);
            good = wg_backward(loss) == WG_OK && wg_optim_step(sgd) == WG_OK;
        }
        double squares = 0;
        good = good && wg_read(d->w, w) == WG_OK;
        for (int j = 0; j < FEATURES; j++)
            squares += (w[j] - best[j]) * (w[j] - best[j]);
        for (int i = 0; i < ROWS; i++)
            *seen += (double)there[i] / ROWS / EPOCHS;
        sum += epoch >= EPOCHS / 2 ? squares / (EPOCHS - EPOCHS / 2) : 0;
        if (epoch < 60 && good)
            good = study_row(run, "%s,%g,%d,%.6g", replacement ? "replacement" : "shuffled", rate, epoch + 1, squares);
    }
    wg_optim_destroy(sgd), wg_batches_destroy(batches);
    return good ? sum : (double)NAN;
}

/* Control: shuffled epochs are drawn with replacement, too. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {0};
    double rate[RATES], with[RATES], without[RATES], seen = 0, all = 0;
    bool good = data_make(&d, run->seed) && study_row(run, "draws,rate,epoch,squares");
    for (int i = 0; i < RATES && good; i++) {
        rate[i] = 0.001 * pow(2, i);
        with[i] = train(run, &d, true, rate[i], &seen);
        without[i] = train(run, &d, run->control, rate[i], &all);
        good = !isnan(with[i] + without[i]);
    }
    good = good && study_table(run, "rates", "rate,replacement,shuffled");
    for (int i = 0; i < RATES && good; i++)
        good = study_row(run, "%g,%.6g,%.6g", rate[i], with[i], without[i]);
    if (good) {
        const double p = study_exponent(rate, with, RATES), q = study_exponent(rate, without, RATES);
        study_near(run, "share of the examples that an epoch with replacement has, beside 1 - 1/e", seen, 1 - exp(-1), 0.02);
        study_claim(run, without[0] < with[0] / 4,
                    "at the rate %g shuffled epochs end %.2g times as far (squared) from the minimum, below 1/4", rate[0],
                    without[0] / with[0]);
        study_decide(run, fabs(p - 1) < 0.3 && q > 1.7,
                     "SGD at a constant rate η: ‖w - w*‖² at the ends of epochs grows as η^%.2f where examples are drawn with "
                     "replacement (1 within 0.3) and as η^%.2f in shuffled epochs (above 1.7)",
                     p, q);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.index), wg_free(d.best), wg_free(d.w);
    return good;
}

const struct study study_epochs = {.name = "epochs", .control = "both drawn with replacement", .run = run};
