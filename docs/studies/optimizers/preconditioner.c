/* 1/√(s + ε) as a preconditioner. Newton divides by the Hessian; RMSProp, AdaGrad and Adam divide by the root of a mean s of
   squared gradients, coordinate by coordinate. How near is that? Least squares, f = E ½(xᵀw - y)², with the Hessian diag(h), h
   from 1 to 1/100:

       the gradient of all data, far from the minimum:  g = h d, so √s = h|d|, and 1/√s is H⁻¹ up to |d|
       the gradient of one example, at the minimum:     g = -x e, so s = σ²h, and 1/√s is H^-½

   So adaptive rates can be large, 100 times the rate for a flat direction. And the Hessian itself can be sampled: (1/|J|) Σ ∇²ℓ
   over a batch J has the error O(1/√|J|).

   The comparison is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 4096, FEATURES = 7, BATCHES = 2000, SIZES = 5 };

static const double eps = 1e-12;

struct data {
    wg_tensor *x, *y, *w, *solution;
    double curvature[FEATURES]; /* the Hessian's diagonal, of all rows */
};

static bool data_make(struct data *d, uint64_t seed)
{
    bool good = wg_dataset_make_regression(&d->x, &d->y, .rows = ROWS, .features = FEATURES, .noise = 1, .condition = 100,
                                           .seed = seed, .dtype = WG_F64) == WG_OK;
    d->solution = good ? least_squares_solution(d->x, d->y) : NULL;
    d->w = d->solution ? wg_set_requires_grad(wg_copy(d->solution), true) : NULL;
    WG_TAPE(tape);
    return d->w && wg_read(wg_mean(wg_square(d->x), .axis = 0), d->curvature) == WG_OK;
}

/* 1/√(s + ε) by RMSProp's own terms, at w* + shift (1, -1, 1, …), from batches of this size: of all rows, or one. */
static bool effective_rates(struct data *d, uint64_t seed, int64_t size, double shift, double rate[FEATURES])
{
    double w[FEATURES];
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = seed, .replacement = true, .samples = BATCHES * size);
    wg_optim *rmsprop = wg_optim_rmsprop(((wg_tensor_list){1, &d->w, NULL}), .lr = 1e-12, .alpha = 0.998, .eps = eps,
                                         .eps_inside = true);
    bool good = batches && rmsprop && wg_read(d->solution, w) == WG_OK;
    for (int j = 0; j < FEATURES; j++)
        w[j] += j % 2 ? -shift : shift;
    good = good && wg_write(d->w, w) == WG_OK;
    for (int t = 0; t < (size == 1 ? BATCHES : 1500) && good; t++) {
        WG_TAPE(tape);
        wg_tensor *x = d->x, *y = d->y;
        wg_optim_terms terms;
        good = (size == ROWS || wg_batches_next(batches, &x, &y) == WG_OK) &&
               wg_backward(least_squares_loss(x, y, d->w)) == WG_OK && wg_optim_view(rmsprop, d->w, &terms) == WG_OK &&
               wg_read(terms.rate, rate) == WG_OK && wg_optim_step(rmsprop) == WG_OK;
    }
    for (int j = 0; j < FEATURES; j++)
        rate[j] *= 1e12;
    wg_optim_destroy(rmsprop), wg_batches_destroy(batches);
    return good;
}

static wg_tensor *sample_loss(wg_tensor *const *w, size_t n, void *context)
{
    wg_tensor *const *rows = context;
    (void)n;
    return least_squares_loss(rows[0], rows[1], w[0]);
}

/* The root mean square of ‖H_J - H‖/‖H‖ over 20 batches J. */
static double hessian_error(struct data *d, uint64_t seed, int64_t size)
{
    wg_batches *batches = wg_batches_create(d->x, d->y, .size = size, .seed = seed);
    double sum = batches ? 0 : (double)NAN;
    for (int k = 0; k < 20 && !isnan(sum); k++) {
        WG_TAPE(tape);
        wg_tensor *rows[2], *all[2] = {d->x, d->y}, *h = NULL, *whole = NULL;
        if (wg_batches_next(batches, &rows[0], &rows[1]) != WG_OK || wg_hessian(sample_loss, rows, &d->w, 1, &h) != WG_OK ||
            wg_hessian(sample_loss, all, &d->w, 1, &whole) != WG_OK)
            sum = NAN;
        sum += wg_item(wg_sum_squares(wg_sub(h, whole))) / wg_item(wg_sum_squares(whole)) / 20;
    }
    wg_batches_destroy(batches);
    return sqrt(sum);
}

/* Control: gradients of one example where the gradient of all data is expected. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {0};
    double far[FEATURES], near[FEATURES], size[SIZES], error[SIZES];
    bool good = data_make(&d, run->seed) && study_row(run, "curvature,newton,all_rows,one_row");
    good = good && effective_rates(&d, run->seed, run->control ? 1 : ROWS, run->control ? 0 : 1, far) &&
           effective_rates(&d, run->seed, 1, 0, near);
    for (int j = 0; j < FEATURES && good; j++)
        good = study_row(run, "%.6g,%.6g,%.6g,%.6g", d.curvature[j], 1 / d.curvature[j], far[j], near[j]);
    good = good && study_table(run, "hessian", "batch,error");
    for (int i = 0; i < SIZES && good; i++) {
        size[i] = 8 * pow(2, i), error[i] = hessian_error(&d, run->seed, (int64_t)size[i]);
        good = !isnan(error[i]) && study_row(run, "%g,%.6g", size[i], error[i]);
    }
    if (good) {
        const double p = study_exponent(d.curvature, far, FEATURES), q = study_exponent(d.curvature, near, FEATURES);
        study_near(run, "stochastic Hessian: exponent of its error in the batch's size", study_exponent(size, error, SIZES), -0.5,
                   0.2);
        study_claim(run, far[FEATURES - 1] > 30 * far[0] || run->control,
                    "the effective rate of the flattest direction is %.0f times that of the steepest, above 30",
                    far[FEATURES - 1] / far[0]);
        study_decide(
            run, fabs(p + 1) < 0.1 && fabs(q + 0.5) < 0.1,
            "1/√(s + ε) is as h^%.2f, like H⁻¹ (-1 within 0.1), for gradients of all data far from the minimum; as h^%.2f (-½ "
            "within 0.1) for those of single examples at it; h is the curvature",
            p, q);
    }
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution);
    return good;
}

const struct study study_preconditioner = {
    .name = "preconditioner", .control = "gradients of one example for those of all data", .run = run};
