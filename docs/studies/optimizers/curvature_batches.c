/* Curvature from samples. Least squares on badly scaled features, condition number 1000, with three methods that take the
   curvature from batches:

       SQN (Byrd et al.)      L-BFGS whose pairs y = H_S s are Hessian-vector products of a larger batch, every 10 steps
       sub-sampled Newton     the gradient of all examples, Newton-CG with the Hessian of a sample S
       stochastic trust region  gradient and Hessian of batches; a step counts if the batch's loss falls as its model does

   Cost: examples looked at, for a gradient, a loss or a Hessian product alike, in epochs of all.

   The methods are listed by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 1024, FEATURES = 8, BATCH = 32, SAMPLE = 256, EPOCHS = 30, METHODS = 4 };

enum method { SGD, SQN, NEWTON, TRUST };
static const char *const name[METHODS] = {"sgd", "sqn", "subsampled_newton", "trust_region"};

struct data {
    wg_tensor *x, *y, *w;
    double least;
};

static wg_tensor *loss_of(wg_tensor *const *w, size_t n, void *context)
{
    wg_tensor *const *rows = context;
    (void)n;
    return least_squares_loss(rows[0], rows[1], w[0]);
}

static double loss_at(const struct data *d)
{
    wg_tensor *rows[2] = {d->x, d->y};
    WG_TAPE(tape);
    return wg_item(loss_of(&d->w, 1, rows));
}

/* y = w·x + noise, with weights that matter alike, whatever the scale of their features. */
static bool data_make(struct data *d, uint64_t seed)
{
    wg_tensor *plain = NULL, *generator = wg_generator(seed, 0);
    double w[FEATURES];
    bool good = wg_dataset_make_regression(&d->x, &plain, .rows = ROWS, .features = FEATURES, .condition = 1000, .seed = seed,
                                           .dtype = WG_F64) == WG_OK;
    for (int j = 0; j < FEATURES; j++)
        w[j] = (j % 2 ? -1 : 1) * pow(1000, j / (2 * (FEATURES - 1.0)));
    if (good) {
        WG_TAPE(tape);
        wg_tensor *noise = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 1), 0, 0.5);
        d->y = wg_keep(wg_add(wg_matmul(d->x, wg_from(w, WG_SHAPE(FEATURES, 1))), noise));
    }
    wg_tensor *solution = d->y ? least_squares_solution(d->x, d->y) : NULL;
    d->w = solution ? wg_set_requires_grad(wg_copy(solution), true) : NULL;
    d->least = d->w ? loss_at(d) : 0;
    wg_free(plain), wg_free(generator), wg_free(solution);
    return d->w != NULL;
}

static wg_minimizer *method_of(enum method m, wg_tensor_list w, double rate)
{
    switch (m) {
    case SQN:
        return wg_minimize_stochastic_quasi_newton(w, .lr = rate, .decay = 0.01);
    case NEWTON:
        return wg_minimize_newton_cg(w, .max_iterations = 1);
    case TRUST:
        return wg_minimize_stochastic_trust_region(w, .radius = 10);
    case SGD:
        break;
    }
    return wg_minimize_stochastic_quasi_newton(w, .lr = rate, .decay = 0.01, .period = 1 << 30);
}

/* The excess loss after EPOCHS epochs' worth of examples; NaN on failure. */
static double train(struct study_run *run, struct data *d, enum method m, const char *row, double rate)
{
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = m == TRUST ? SAMPLE : BATCH, .seed = run->seed, .drop_last = true),
               *samples = wg_batches_create(d->x, d->y, .size = SAMPLE, .seed = run->seed + 1, .drop_last = true);
    wg_minimizer *minimizer = method_of(m, (wg_tensor_list){1, &d->w, NULL}, rate);
    bool good = batches && samples && minimizer && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    double cost = 0, shown = 0;
    while (cost < EPOCHS * ROWS && good) {
        wg_tensor *rows[2] = {NULL}, *sample[2] = {NULL};
        wg_minimize_result result = {0};
        while (good && !rows[0])
            good = wg_batches_next(batches, &rows[0], &rows[1]) == WG_OK;
        while (good && !sample[0])
            good = wg_batches_next(samples, &sample[0], &sample[1]) == WG_OK;
        wg_tensor *all[2] = {d->x, d->y};
        good = good &&
               wg_minimize_run_sampled(minimizer, loss_of, m == NEWTON ? all : rows, m == TRUST ? rows : sample, &result) == WG_OK;
        cost += (double)result.evaluations * (double)(m == NEWTON ? ROWS : wg_extent(rows[0], 0)) +
                (double)result.products * SAMPLE;
        if (cost >= shown)
            good = good && study_row(run, "%s,%.4g,%.6g", row, cost / ROWS, loss_at(d) - d->least), shown += ROWS / 4.0;
        wg_free(rows[0]), wg_free(rows[1]), wg_free(sample[0]), wg_free(sample[1]);
    }
    wg_minimize_destroy(minimizer), wg_batches_destroy(batches), wg_batches_destroy(samples);
    const double excess = loss_at(d) - d->least;
    return !good ? (double)NAN : excess < 1e6 ? excess : (double)INFINITY;
}

/* Control: SGD in place of each method. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double rates[METHODS][3] = {{0.8, 2, 5}, {0.1, 0.3, 1}, {1}, {1}};
    struct data d = {0};
    double best[METHODS];
    bool good = data_make(&d, run->seed) && study_row(run, "method,epochs,excess");
    for (int i = 0; i < METHODS && good; i++) {
        best[i] = INFINITY;
        for (int k = 0; k < 3 && rates[i][k] > 0 && good; k++) {
            char row[40];
            snprintf(row, sizeof row, "%s_%g", name[i], rates[i][k]);
            const double excess = train(run, &d, run->control ? SGD : (enum method)i, row, rates[i][k]);
            good = !isnan(excess);
            best[i] = fmin(best[i], excess);
        }
    }
    if (good)
        study_decide(run, fmax(fmax(best[SQN], best[NEWTON]), best[TRUST]) < 0.3 * best[SGD],
                     "least squares, condition number 1000, %d epochs' worth of examples: excess loss %.2g by SGD at the best "
                     "of 3 rates, %.2g by SQN, %.2g by sub-sampled Newton, %.2g by a stochastic trust region: each below 0.3 "
                     "of SGD's",
                     EPOCHS, best[SGD], best[SQN], best[NEWTON], best[TRUST]);
    wg_free(d.x), wg_free(d.y), wg_free(d.w);
    return good;
}

const struct study study_curvature_batches = {.name = "curvature_batches", .control = "SGD in place of each method", .run = run};
