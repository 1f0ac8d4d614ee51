/* Reduce on plateau: the rate is divided by 5 when a value has not improved for some epochs: the loss on validation data, or the
   objective itself. With a constant rate SGD falls to a floor in proportion to it; each reduction opens the next floor, so that
   the loss falls in stairs without a number of epochs known in advance.

   Least squares, batches of 4. Both variants are given by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 512, TRAIN = 256, FEATURES = 8, EPOCHS = 100, BATCH = 4 };

struct data {
    wg_tensor *x, *y, *w, *solution;
    double least;
};

static double loss_at(const struct data *d, int64_t from, int64_t to)
{
    WG_TAPE(tape);
    return wg_item(least_squares_loss(wg_slice(d->x, 0, from, to, 1), wg_slice(d->y, 0, from, to, 1), d->w));
}

enum value { VALIDATION, OBJECTIVE, NONE };
static const char *const name[] = {"validation", "objective", "constant"};

/* The mean excess of the objective over the last ten epochs; *reductions: of the rate. NaN on failure. */
static double train(struct study_run *run, const struct data *d, enum value told, int *reductions)
{
    wg_tensor *x = wg_slice(d->x, 0, 0, TRAIN, 1), *y = wg_slice(d->y, 0, 0, TRAIN, 1);
    wg_batches *batches = wg_batches_create(x, y, .size = BATCH, .seed = run->seed, .replacement = true);
    wg_lr_plateau *plateau = wg_lr_plateau_create(.factor = 0.2, .patience = 6, .threshold = 1e-3, .min = 1e-3);
    bool good = batches && plateau && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &d->w, NULL}), .lr = 0.1) : NULL;
    double sum = 0, last = 1;
    *reductions = 0;
    good = good && sgd;
    for (int epoch = 0; epoch < EPOCHS && good; epoch++) {
        for (bool more = true; more && good;) {
            WG_TAPE(tape);
            wg_tensor *bx, *by;
            good = wg_batches_next(batches, &bx, &by) == WG_OK;
            more = bx != NULL;
            good = good && (!more || (wg_backward(least_squares_loss(bx, by, d->w)) == WG_OK && wg_optim_step(sgd) == WG_OK));
        }
        const double objective = loss_at(d, 0, TRAIN), validation = loss_at(d, TRAIN, ROWS), factor = wg_lr_plateau_factor(plateau);
        sum += epoch >= EPOCHS - 10 ? (objective - d->least) / 10 : 0;
        good = good &&
               study_row(run, "%s,%d,%.6g,%.6g,%.6g", name[told], epoch + 1, objective - d->least, validation, 0.1 * factor);
        if (told != NONE && !run->control)
            good = good && wg_lr_plateau_tell(plateau, told == OBJECTIVE ? objective : validation) == WG_OK &&
                   wg_lr_plateau_set(plateau, sgd) == WG_OK;
        *reductions += wg_lr_plateau_factor(plateau) < 0.99 * last;
        last = wg_lr_plateau_factor(plateau);
    }
    wg_optim_destroy(sgd), wg_lr_plateau_destroy(plateau), wg_batches_destroy(batches), wg_free(x), wg_free(y);
    return good ? sum : (double)NAN;
}

/* Control: nothing is told. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    int by_validation = 0, by_objective = 0, none = 0;
    bool good = d.w && wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .noise = 1, .seed = run->seed,
                                                  .dtype = WG_F64) == WG_OK;
    wg_tensor *x = good ? wg_slice(d.x, 0, 0, TRAIN, 1) : NULL, *y = good ? wg_slice(d.y, 0, 0, TRAIN, 1) : NULL;
    good = x && y && (d.solution = least_squares_solution(x, y)) && wg_write_raw(d.w, wg_data(d.solution)) == WG_OK &&
           study_row(run, "told,epoch,excess,validation,rate");
    d.least = good ? loss_at(&d, 0, TRAIN) : 0;
    const double validation = good ? train(run, &d, VALIDATION, &by_validation) : (double)NAN,
                 objective = good ? train(run, &d, OBJECTIVE, &by_objective) : (double)NAN,
                 constant = good ? train(run, &d, NONE, &none) : (double)NAN;
    good = good && !isnan(validation + objective + constant);
    study_claim(run, (by_validation >= 2 && by_objective >= 2) || run->control,
                "the rate is divided by 5 %d times by validation loss and %d times by the objective, at least twice each",
                by_validation, by_objective);
    study_decide(
        run, fmax(validation, objective) < constant / 20,
        "SGD, the rate divided by 5 on a plateau: excess loss %.2g where validation loss is told and %.2g where the objective "
        "is, each below 1/20 of the %.2g at a constant rate",
        validation, objective, constant);
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution), wg_free(x), wg_free(y);
    return good;
}

const struct study study_plateau = {.name = "plateau", .control = "a plateau that is told nothing", .run = run};
