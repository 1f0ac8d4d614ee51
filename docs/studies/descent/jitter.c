/* The jitter of SGD. At a constant rate γ, SGD does not come to rest at the minimum w*: the noise of each batch of B examples pushes it
   away, and the gradient back. For a quadratic loss with the Hessian H and the covariance C of an example's gradient at w*, the long-run
   covariance Σ of w solves HΣ + ΣH = γ C/B for small γ, so

       E‖w - w*‖² = γ/(2B) tr(H⁻¹C)

   half the rate, or twice the batch, halves it; full batches have none.

   The figure of a path that jitters is A. Risteski's, Advanced Optimization (CMU, 2021), and W. Gerstner's, Artificial Neural Networks
   (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { M = 200, RATES = 4, SIZES = 3, SIDE = 25 };
static const double rates[RATES] = {0.01, 0.02, 0.04, 0.08};
static const int64_t sizes[SIZES] = {1, 4, 16};

struct problem {
    wg_tensor *x, *y, *w;   /* (M, 2), (M, 1), (2, 1); w requires a gradient */
    double best[2], spread; /* w*; tr(H⁻¹C) */
};

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, wg_tensor *w)
{
    return wg_mul_scalar(wg_mse(wg_matmul(x, w), y), 0.5);
}

/* w* = (XᵀX)⁻¹ Xᵀy, H = XᵀX/m, C = 1/m Σ (rᵢxᵢ)(rᵢxᵢ)ᵀ. */
static bool make(struct problem *p, uint64_t seed)
{
    bool good = wg_dataset_make_regression(&p->x, &p->y, .rows = M, .features = 2, .noise = 1, .condition = 2, .seed = seed,
                                           .dtype = WG_F64) == WG_OK;
    {
        WG_TAPE(tape);
        wg_tensor *xt = good ? wg_transpose(p->x, 0, 1) : NULL, *h = wg_matmul(xt, p->x), *best = wg_solve(h, wg_matmul(xt, p->y));
        wg_tensor *g = wg_mul(wg_sub(wg_matmul(p->x, best), p->y), p->x);
        p->spread = wg_item(wg_sum(wg_diagonal(wg_solve(h, wg_matmul(wg_transpose(g, 0, 1), g)))));
        p->w = wg_keep(best);
        good = p->w && wg_read(best, p->best) == WG_OK;
    }
    return good && isfinite(p->spread) && wg_set_requires_grad(p->w, true);
}

/* The mean of ‖w - w*‖² over the steps of SGD from w*, without the first tenth. Rows of its path, `shown` steps long. */
static double descend(struct study_run *run, struct problem *p, double rate, int64_t size, int64_t steps, int shown)
{
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){1, &p->w, NULL}), .lr = rate);
    wg_batches *batches = wg_batches_create(p->x, p->y, .size = run->control ? M : size, .seed = run->seed,
                                            .replacement = !run->control, .samples = run->control ? 0 : steps * size);
    bool good = sgd && batches && wg_write(p->w, p->best) == WG_OK;
    const double *w = wg_data(p->w);
    double sum = 0;
    for (int64_t k = 0; k < steps && good; k++) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        good = wg_batches_next(batches, &x, &y) == WG_OK && (x || wg_batches_next(batches, &x, &y) == WG_OK) &&
               wg_backward(loss(x, y, p->w)) == WG_OK && wg_optim_step(sgd) == WG_OK;
        sum += k >= steps / 10 ? pow(w[0] - p->best[0], 2) + pow(w[1] - p->best[1], 2) : 0;
        if (k >= steps - shown)
            good = good && study_row(run, "%lld,%.5g,%.5g", (long long)size, w[0] - p->best[0], w[1] - p->best[1]);
    }
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    return good ? sum / (double)(steps - steps / 10) : (double)NAN;
}

static bool measure(struct study_run *run, struct problem *p)
{
    double x[RATES * SIZES], y[RATES * SIZES];
    double worst = 0;
    int n = 0;
    bool good = study_row(run, "size,w1,w2") && isfinite(descend(run, p, 0.1, 1, 400, 200)) &&
                isfinite(descend(run, p, 0.1, 16, 400, 200)) && study_table(run, "levels", "rate,size,measured,predicted");
    for (int j = 0; j < SIZES && good; j++)
        for (int i = 0; i < RATES && good; i++) {
            const int64_t steps = (int64_t)((run->quick ? 100 : 4000) / rates[i]);
            const double predicted = rates[i] / (2 * (double)sizes[j]) * p->spread,
                         measured = descend(run, p, rates[i], sizes[j], steps, 0);
            good = isfinite(measured) && study_row(run, "%g,%lld,%.9g,%.9g", rates[i], (long long)sizes[j], measured, predicted);
            x[n] = predicted, y[n++] = fmax(measured, 1e-30);
            worst = fmax(worst, fabs(measured / predicted - 1));
        }
    if (!good)
        return false;
    const double tolerance = run->quick ? 0.8 : 0.25, slope = study_exponent(x, y, n), within = run->quick ? 0.2 : 0.1;
    (run->quick ? study_reduced : study_decide)(
        run, worst <= tolerance && fabs(slope - 1) <= within,
        "SGD at rates 0.01 … 0.08 with batches of 1, 4, 16: E‖w - w*‖² is γ/(2B) tr(H⁻¹C) within %.0f %%, at most %.0f (finite rates and runs), and its "
        "exponent in γ/B %.3f, expected 1 within %g",
        100 * worst, 100 * tolerance, slope, within);
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem p = {0};
    const bool good = make(&p, run->seed) && measure(run, &p);
    wg_free(p.x), wg_free(p.y), wg_free(p.w);
    return good;
}

const struct study study_jitter = {.name = "jitter", .control = "batches of all examples", .run = run};
