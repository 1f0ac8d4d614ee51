/* Adam's step is the signal-to-noise ratio of the gradient. Over batches, a weight's gradient has the mean ⟨g⟩ and the mean square ⟨g²⟩ =
   ⟨g⟩² + its variance. Adam divides an average of g by the root of an average of g², so its mean step is √(⟨g⟩²/⟨g²⟩) of the rate: nearly
   the rate where all batches agree, and little where the gradient is mostly noise.

   A network learns digits by batches of 8; then the rate is made so small that its weights stand still, ⟨g⟩ and ⟨g²⟩ are measured over
   some hundred batches, and how far Adam moves each weight in that time.

   The statement is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

enum { WARMUP = 200, STEPS = 600, HIDDEN = 12, MAX_WEIGHTS = 1000 };

struct moments {
    double mean, square, start;
};

/* The elements of all parameters, or of their gradients, one after another. Returns their number, 0 on failure. */
static int64_t copy(wg_tensor_list params, bool gradients, double *to)
{
    int64_t n = 0;
    for (size_t i = 0; i < params.n; i++) {
        const wg_tensor *t = gradients ? wg_gradient(params.tensor[i]) : params.tensor[i];
        if (!t || n + wg_numel(t) > MAX_WEIGHTS || wg_read(t, to + n) != WG_OK)
            return 0;
        n += wg_numel(t);
    }
    return n;
}

/* A step on the next batch. *n: the number of weights; g: their gradients. */
static bool step(wg_nn_module *net, wg_optim *optim, wg_batches *batches, double *g, int64_t *n)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    bool good = wg_batches_next(batches, &x, &y) == WG_OK && (x || wg_batches_next(batches, &x, &y) == WG_OK);
    good = good && wg_backward(wg_cross_entropy(wg_nn_apply(net, x), y)) == WG_OK;
    *n = good ? copy(wg_nn_parameters(net), true, g) : 0;
    return *n > 0 && wg_optim_step(optim) == WG_OK;
}

/* Rows of the ratio and the mean step of each weight whose gradient is not always 0, of every second one. *slope: of the least-squares
   line through 0; *spread: the root mean square of step - ratio. */
static bool compare(struct study_run *run, const struct moments *weight, const double *end, int64_t n, double rate, double *slope,
                    double *spread)
{
    double xy = 0, xx = 0, squares = 0;
    bool good = study_row(run, "ratio,step");
    for (int64_t i = 0; i < n && good; i++) {
        const double ratio = weight[i].square > 0 ? fabs(weight[i].mean) / STEPS / sqrt(weight[i].square / STEPS) : 0;
        const double moved = fabs(end[i] - weight[i].start) / (rate * STEPS);
        xy += ratio * moved, xx += ratio * ratio;
        squares += (moved - ratio) * (moved - ratio) / (double)n;
        good = i % 2 || ratio == 0 || study_row(run, "%.4g,%.4g", ratio, moved);
    }
    *slope = xy / xx;
    *spread = sqrt(squares);
    return good;
}

static bool measure(struct study_run *run, wg_nn_module *net, wg_batches *batches, double *g, struct moments *weight)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    const double rate = 1e-9;
    wg_optim *optim = run->control ? wg_optim_sgd(params, .lr = 0.02, .momentum = 0.9) : wg_optim_adam(params, .lr = 3e-3);
    int64_t n = 0;
    double slope = 0, spread = 0;
    bool good = optim != NULL;
    for (int t = 0; t < WARMUP + STEPS && good; t++) {
        if (t == WARMUP) {
            n = copy(params, false, g);
            for (int64_t i = 0; i < n; i++)
                weight[i].start = g[i];
            good = wg_optim_set_lr(optim, 0, rate) == WG_OK;
        }
        good = good && step(net, optim, batches, g, &n);
        for (int64_t i = 0; t >= WARMUP && i < n; i++)
            weight[i].mean += g[i], weight[i].square += g[i] * g[i];
    }
    good = good && copy(params, false, g) == n && compare(run, weight, g, n, rate, &slope, &spread);
    if (good)
        study_decide(
            run, fabs(slope - 1) <= 0.1 && spread <= 0.05,
            "%lld weights of a digits network, %d batches of 8: Adam's mean step, in units of the rate, is √(⟨g⟩²/⟨g²⟩): slope %.3f, "
            "expected 1 within 0.1 (its averages are of finite memory), root mean square difference %.3f, at most 0.05",
            (long long)n, STEPS, slope, spread);
    wg_optim_destroy(optim);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = NULL, *y = NULL;
    struct moments *weight = calloc(MAX_WEIGHTS, sizeof *weight);
    double *g = calloc(MAX_WEIGHTS, sizeof *g);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(64, HIDDEN, 10), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = run->seed);
    wg_batches *batches = wg_dataset_digits(&x, &y, .flat = true, .dtype = WG_F64) == WG_OK
                              ? wg_batches_create(x, y, .size = 8, .drop_last = true, .seed = run->seed)
                              : NULL;
    const bool good = weight && g && net && batches && measure(run, net, batches, g, weight);
    wg_batches_destroy(batches);
    wg_nn_destroy(net);
    wg_free(x), wg_free(y);
    free(weight), free(g);
    return good;
}

const struct study study_signal_to_noise = {
    .name = "signal_to_noise", .control = "gradient descent with momentum in place of Adam", .run = run};
