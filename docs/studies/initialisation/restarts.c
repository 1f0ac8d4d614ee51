/* Random restarts. A small network of relu may be stuck: where a unit is 0 for every input, its gradient is 0 for ever. Training it again
   from other weights is an independent trial: if one run succeeds with probability p, the best of k runs does with 1 - (1 - p)^k.

   The task is XOR by a network 2-2-1, the fewest hidden units that can do it. All runs are trained at once: their weights are stacked along the
   first axis, and in the sum of their losses none sees another. The advice is that of J. Sun, Training DNNs: Basic Methods (Minnesota,
   2020). */
#include "../study.h"

#include <math.h>

enum { RUNS = 2048, HIDDEN = 2, STEPS = 250, MOST = 16 };

struct runs {
    wg_tensor *param[4]; /* W1 (RUNS,2,HIDDEN), b1 (RUNS,1,HIDDEN), W2 (RUNS,HIDDEN,1), b2 (RUNS,1,1) */
};

/* Control: the runs of a group of MOST begin with the same weights. */
static bool make(struct runs *runs, uint64_t seed, bool same)
{
    const wg_shape shape[4] = {WG_SHAPE(RUNS, 2, HIDDEN), WG_SHAPE(RUNS, 1, HIDDEN), WG_SHAPE(RUNS, HIDDEN, 1),
                               WG_SHAPE(RUNS, 1, 1)};
    wg_tensor *generator = wg_generator(seed, WG_STREAM_INIT);
    bool good = generator != NULL;
    for (int i = 0; i < 4; i++) {
        wg_tensor *w = runs->param[i] = wg_normal(generator, WG_F64, shape[i], 0, 1);
        double *element = w ? wg_data_mut_as(w, double) : NULL;
        const int64_t n = w ? wg_numel(w) / RUNS : 0;
        for (int64_t k = 0; same && element && k < n * RUNS; k++)
            element[k] = element[k / n / MOST * MOST * n + k % n];
        good = good && element && wg_set_requires_grad(w, true);
    }
    wg_free(generator);
    return good;
}

/* The cross entropy of each run on XOR's four points, (RUNS). */
static wg_tensor *losses(const struct runs *runs)
{
    wg_tensor *x = wg_from(((const double[]){0, 0, 0, 1, 1, 0, 1, 1}), WG_SHAPE(4, 2));
    wg_tensor *sign = wg_from(((const double[]){1, -1, -1, 1}), WG_SHAPE(4, 1)); /* -1 where the answer is 1 */
    wg_tensor *h = wg_relu(wg_add(wg_matmul(x, runs->param[0]), runs->param[1]));
    wg_tensor *logit = wg_add(wg_matmul(h, runs->param[2]), runs->param[3]);
    return wg_mean(wg_softplus(wg_mul(logit, sign)), .axes = WG_AXES(1, 2));
}

static bool train(const struct runs *runs, double *loss)
{
    wg_optim *adam = wg_optim_adam(((wg_tensor_list){4, runs->param, NULL}), .lr = 0.1);
    bool good = adam != NULL;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        good = wg_backward(wg_sum(losses(runs))) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    wg_optim_destroy(adam);
    WG_TAPE(tape);
    return good && wg_read(losses(runs), loss) == WG_OK;
}

/* The share of groups of k runs whose best one has solved XOR. */
static double solved(const double *loss, int k)
{
    int groups = 0;
    for (int i = 0; i < RUNS; i += k) {
        double best = loss[i];
        for (int j = 1; j < k; j++)
            best = fmin(best, loss[i + j]);
        groups += best < 0.1; /* stuck runs have ½ ln 2 = 0.347 and more */
    }
    return (double)groups * k / RUNS;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct runs runs = {{0}};
    double loss[RUNS], worst = 0;
    bool good = make(&runs, run->seed, run->control) && train(&runs, loss) && study_row(run, "k,solved,predicted,error");
    for (int i = 0; i < 4; i++)
        wg_free(runs.param[i]);
    const double p = solved(loss, 1);
    for (int k = 1; k <= MOST && good; k *= 2) {
        const double got = solved(loss, k), want = 1 - pow(1 - p, k), error = sqrt(want * (1 - want) * k / RUNS);
        worst = k > 1 ? fmax(worst, fabs(got - want) / fmax(error, 1e-3)) : 0;
        good = study_row(run, "%d,%.6g,%.6g,%.6g", k, got, want, error);
    }
    good = good && study_table(run, "losses", "loss");
    for (int i = 0; i < RUNS && good; i++)
        good = study_row(run, "%.4g", loss[i]);
    if (!good)
        return false;
    study_claim(run, p > 0.1 && p < 0.9, "a single run solves XOR in %.3f of %d cases: neither never nor always", p, RUNS);
    study_decide(run, worst <= 4,
                 "the best of k = 2, 4, 8, 16 runs solves XOR as often as 1 - (1 - p)^k, p = %.3f: at most %.1f standard errors "
                 "apart, tolerance 4; of 16 runs %.3f",
                 p, worst, solved(loss, MOST));
    return true;
}

const struct study study_restarts = {.name = "restarts", .control = "restarts from the same weights", .run = run};
