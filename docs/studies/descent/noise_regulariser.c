/* Noise as a regulariser. Sparse regression with fewer examples than weights: y = x·w*, where 5 of 100 elements of w* are not 0, and 40
   examples. The network is diagonal, f(x) = x·(u² - v²), element by element, and begins at u = v = 0.1. It can fit the examples in many
   ways, and both gradient descent and SGD do. The loss says nothing about which way; the path does: the noise of SGD drives weights that the
   data do not need towards 0, where u and v, and so the noise, are small. What it ends at predicts new data better.

   That noise regularises is a statement of A. Risteski, Advanced Optimization (CMU, 2021), and W. Gerstner, Artificial Neural Networks
   (EPFL), Deep Networks 3. The network is that of S. Pesme, L. Pillaud-Vivien, N. Flammarion, Implicit bias of SGD for diagonal linear
   networks, 2021. */
#include "../study.h"

#include <math.h>

enum { ROWS = 40, WEIGHTS = 100, SPARSE = 5, SEEDS = 10, RATES = 3 };

struct problem {
    wg_tensor *x, *y, *truth, *uv; /* (ROWS, WEIGHTS), (ROWS, 1), (WEIGHTS, 1), (2, WEIGHTS, 1), which requires a gradient */
};

/* u² - v² */
static wg_tensor *weights(wg_tensor *uv)
{
    return wg_sub(wg_square(wg_select(uv, 0, 0)), wg_square(wg_select(uv, 0, 1)));
}

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, wg_tensor *uv)
{
    return wg_mul_scalar(wg_mse(wg_matmul(x, weights(uv)), y), 0.5);
}

static bool make(struct problem *p, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    {
        WG_TAPE(tape);
        double truth[WEIGHTS] = {0};
        for (int i = 0; i < SPARSE; i++)
            truth[i] = i % 2 ? -1 : 1;
        wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, WEIGHTS), 0, 1), *w = wg_from(truth, WG_SHAPE(WEIGHTS, 1));
        p->x = wg_keep(x), p->y = wg_keep(wg_matmul(x, w)), p->truth = wg_keep(w);
    }
    p->uv = wg_full(WG_F64, WG_SHAPE(2, WEIGHTS, 1), 0.1);
    wg_free(generator);
    return p->x && p->y && p->truth && p->uv && wg_set_requires_grad(p->uv, true);
}

static void end(struct problem *p)
{
    wg_free(p->x), wg_free(p->y), wg_free(p->truth), wg_free(p->uv);
}

/* The loss on the examples, and the expected squared error on new ones, ‖w - w*‖². */
static bool look(const struct problem *p, double *train, double *test)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    *train = wg_item(loss(p->x, p->y, p->uv));
    *test = wg_item(wg_sum(wg_square(wg_sub(weights(p->uv), p->truth))));
    return isfinite(*train) && isfinite(*test);
}

/* Descends with batches of a size until the examples are fitted. *test: the error then. */
static bool train(struct study_run *run, uint64_t seed, int64_t size, double rate, double *test)
{
    struct problem p = {0};
    double fitted = 1;
    bool good = make(&p, seed);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &p.uv, NULL}), .lr = rate) : NULL;
    wg_batches *batches = sgd ? wg_batches_create(p.x, p.y, .size = size, .seed = seed) : NULL;
    good = batches != NULL;
    for (int64_t k = 0; k < 100000 && good; k++) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        if (k % 100 == 0) {
            good = look(&p, &fitted, test) && study_row(run, "%g,%llu,%lld,%lld,%.4g,%.4g", rate, (unsigned long long)seed,
                                                        (long long)size, (long long)k, fitted, *test);
            if (!good || fitted < 1e-5)
                break;
        }
        good = wg_batches_next(batches, &x, &y) == WG_OK && (x || wg_batches_next(batches, &x, &y) == WG_OK) &&
               wg_backward(loss(x, y, p.uv)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    end(&p);
    return good;
}

/* Of SEEDS problems at a rate: the test errors of gradient descent and of SGD. *better: how often SGD's is lower. */
static bool compare(struct study_run *run, double rate, double full[SEEDS], double noisy[SEEDS], int *better)
{
    bool good = true;
    *better = 0;
    for (int i = 0; i < SEEDS && good; i++) {
        const uint64_t seed = 100 * run->seed + (uint64_t)i;
        good = train(run, seed, ROWS, rate, &full[i]) && train(run, seed, run->control ? ROWS : 1, rate, &noisy[i]);
        *better += noisy[i] < full[i];
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double rate[RATES] = {0.05, 0.025, 0.0125};
    double full[RATES][SEEDS], noisy[RATES][SEEDS];
    const int n = run->quick ? 1 : RATES;
    int better[RATES];
    bool good = study_row(run, "rate,seed,size,step,train,test");
    for (int i = 0; i < n && good; i++)
        good = compare(run, rate[i], full[i], noisy[i], &better[i]);
    good = good && study_table(run, "errors", "rate,gd,gd_deviation,sgd,sgd_deviation");
    for (int i = 0; i < n && good; i++)
        good = study_row(run, "%g,%.4g,%.4g,%.4g,%.4g", rate[i], study_mean(full[i], SEEDS), study_deviation(full[i], SEEDS),
                         study_mean(noisy[i], SEEDS), study_deviation(noisy[i], SEEDS));
    if (!good)
        return false;
    const double gd = study_mean(full[0], SEEDS), sgd = study_mean(noisy[0], SEEDS);
    if (!run->quick)
        study_claim(run, run->control || sgd < study_mean(noisy[2], SEEDS),
                    "the larger the rate, the more noise: SGD's test error is %.2f at the rate 0.05, %.2f at 0.025, %.2f at 0.0125",
                    sgd, study_mean(noisy[1], SEEDS), study_mean(noisy[2], SEEDS));
    study_decide(
        run, better[0] >= SEEDS - 1 && sgd < 0.6 * gd,
        "40 examples, 100 weights, all fitted: the test error of SGD, batches of 1, is %.2f ± %.2f (%d seeds), that of gradient descent at the same rate %.2f "
        "± %.2f; SGD's is lower in %d of %d, and its mean below 0.6 of the other",
        sgd, study_deviation(noisy[0], SEEDS), SEEDS, gd, study_deviation(full[0], SEEDS), better[0], SEEDS);
    return true;
}

const struct study study_noise_regulariser = {
    .name = "noise_regulariser", .control = "batches of all examples in place of SGD's batches of 1", .run = run};
