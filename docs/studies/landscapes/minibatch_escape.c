/* How minibatches leave a saddle. The loss of an autoencoder of one unit,

       L(w) = mean ‖x - w wᵀx‖²,

   is stationary at the unit eigenvectors of the covariance: ±v₁, of the larger eigenvalue, are the minima, ±v₂ are saddles. Gradient
   descent that starts on a saddle stays. Each minibatch has a landscape of its own, with another covariance, whose stationary points are
   elsewhere: its gradient at the saddle is not 0, and stochastic gradient descent rolls off. It needs no noise added by hand if the
   minibatches vary in every direction. Where they do not, as in the control, it stays too.

   The escape is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7; the landscape of a minibatch in W. Gerstner, Artificial Neural
   Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { HALF = 32, BATCH = 8, STEPS = 150, RUNS = 20, POINTS = 15 };
static const double RATE = 0.02;

static wg_tensor *autoencoder(wg_tensor *const *w, size_t n, void *context)
{
    (void)n;
    wg_tensor *x = context, *code = wg_matmul(x, w[0]);
    return wg_mul_scalar(wg_mean(wg_square(wg_sub(x, wg_outer(code, w[0])))), 2);
}

/* Points with standard deviations 2 and 1, and their mirror images (-x₁, x₂): a covariance that is diagonal. */
static wg_tensor *make_data(uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *z = wg_normal(generator, WG_F64, WG_SHAPE(HALF, 2), 0, 1);
    wg_free(generator);
    wg_tensor *x = wg_mul(z, wg_from(((double[]){2, 1}), WG_SHAPE(2)));
    wg_tensor *both[] = {x, wg_mul(x, wg_from(((double[]){-1, 1}), WG_SHAPE(2)))};
    return wg_keep(wg_concat(both, 2, 0));
}

/* Random rows; with pairs, half as many and their mirror images. On the open tape. */
static wg_tensor *draw_batch(wg_tensor *data, wg_tensor *generator, bool pairs)
{
    wg_tensor *order = wg_permutation(generator, pairs ? HALF : 2 * HALF);
    int64_t row[BATCH];
    for (int i = 0; order && i < BATCH; i++)
        row[i] = wg_data_as(order, int64_t)[pairs ? i % (BATCH / 2) : i] + (pairs && i >= BATCH / 2 ? HALF : 0);
    return order ? wg_index_select(data, 0, wg_from(row, WG_SHAPE(BATCH))) : NULL;
}

/* The first batch of a stream, the caller's. */
static wg_tensor *keep_batch(wg_tensor *data, uint64_t seed, uint64_t stream, bool pairs)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, stream), *batch = wg_keep(draw_batch(data, generator, pairs));
    wg_free(generator);
    return batch;
}

/* The distance |w₁| from the saddle (0, 1) after STEPS steps of a run, with minibatches unless generator is WG_NONE; NaN on failure. */
static double descend(struct study_run *run, int which, wg_tensor *data, wg_tensor *generator)
{
    wg_tensor *w = wg_from(((double[]){0, 1}), WG_SHAPE(2));
    wg_optim *sgd = w && wg_set_requires_grad(w, true) ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = RATE) : NULL;
    bool good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        const double *at = wg_data(w);
        wg_tensor *x = generator == WG_NONE ? data : draw_batch(data, generator, run->control);
        good = (which > 3 || t % 5 || study_row(run, "%d,%d,%.5g,%.5g", which, t, at[0], at[1])) &&
               wg_backward(autoencoder(&w, 1, x)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    const double distance = good ? fabs(((const double *)wg_data(w))[0]) : (double)NAN;
    wg_optim_destroy(sgd);
    wg_free(w);
    return distance;
}

/* The landscape of some points around 0, and its slope along w₁ at the saddle. */
static bool surface(struct study_run *run, const char *name, wg_tensor *x, double *slope)
{
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(2)), *e1 = wg_from(((double[]){1, 0}), WG_SHAPE(2)),
              *e2 = wg_from(((double[]){0, 1}), WG_SHAPE(2));
    const wg_study_loss loss = {.f = autoencoder, .context = x, .params = {1, &w, NULL}};
    wg_tensor *plane = w && e1 && e2 ? wg_study_plane(&loss, e1, e2, .from = -1.6, .to = 1.6, .points = POINTS) : NULL;
    bool good = plane && study_table(run, name, "w1,w2,loss");
    for (int i = 0; i < POINTS * POINTS && good; i++) {
        const double *at = wg_data_as(plane, double) + (ptrdiff_t)(3 * i);
        good = study_row(run, "%.4g,%.4g,%.5g%s", at[0], at[1], at[2], i % POINTS == POINTS - 1 ? "\n" : "");
    }
    wg_tensor *line = good && wg_write(w, (double[]){0, 1}) == WG_OK ? wg_study_taylor(&loss, e1, 1) : NULL;
    *slope = line ? wg_data_as(line, double)[1] : (double)NAN;
    wg_free(w), wg_free(e1), wg_free(e2), wg_free(plane), wg_free(line);
    return isfinite(*slope);
}

/* Control: minibatches of mirrored pairs, whose gradient at the saddle is 0. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *data = make_data(run->seed);
    double slope[3] = {0}, still = 0;
    int escaped = 0;
    bool good = data && study_row(run, "run,step,w1,w2") && isfinite(still = descend(run, 0, data, WG_NONE));
    for (int i = 1; i <= RUNS && good; i++) {
        wg_tensor *generator = wg_generator(run->seed, (uint64_t)i);
        const double distance = generator ? descend(run, i, data, generator) : (double)NAN;
        escaped += distance > 0.5;
        good = !isnan(distance);
        wg_free(generator);
    }
    good = good && surface(run, "all", data, &slope[0]);
    for (int i = 1; i <= 2 && good; i++) {
        wg_tensor *batch = keep_batch(data, run->seed, (uint64_t)i, run->control);
        good = batch && surface(run, i == 1 ? "batch1" : "batch2", batch, &slope[i]);
        wg_free(batch);
    }
    wg_free(data);
    if (!good)
        return false;
    study_claim(run, fabs(slope[0]) < 1e-12 && fabs(slope[1]) > 0.01 && fabs(slope[2]) > 0.01,
                "the slope at the saddle is %.1e of all points, %.2f and %.2f of two minibatches: below 1e-12, above 0.01 in size",
                slope[0], slope[1], slope[2]);
    study_decide(
        run, still < 1e-6 && escaped == RUNS,
        "from the saddle, %d steps: descent on all points stays within %.1e of 1e-6, and stochastic descent with minibatches of %d leaves it by more than 0.5 in %d of %d runs",
        STEPS, still, BATCH, escaped, RUNS);
    return true;
}

const struct study study_minibatch_escape = {
    .name = "minibatch_escape", .control = "minibatches of mirrored pairs, whose gradient at the saddle is 0", .run = run};
