/* The batch rule and the online rule. A unit y = tanh(w·x) learns P patterns with E = ½ Σ (t - y)². The batch rule adds up the gradients of
   all patterns, and then steps: w ← w - γ Σ ∇E_μ(w). The online rule steps after each pattern, in random order: w ← w - γ ∇E_μ(w). The
   gradients of its later steps are asked for at other weights, which have moved by O(γ); so after an epoch the rules differ by O(γ²), and
   for small γ they do the same.

   The rules are those of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { PATTERNS = 20, SIDE = 33, RATES = 8, PATH = 12 };

struct data {
    wg_tensor *x, *t; /* (P, 2), (P, 1) */
    wg_tensor *w;     /* (2, 1), requires a gradient */
};

/* E over rows begin … end - 1. */
static wg_tensor *loss(const struct data *data, wg_tensor *w, int64_t begin, int64_t end)
{
    wg_tensor *x = wg_slice(data->x, 0, begin, end, 1), *t = wg_slice(data->t, 0, begin, end, 1);
    return wg_mul_scalar(wg_mse(wg_tanh(wg_matmul(x, w)), t, .reduction = WG_REDUCTION_SUM), 0.5);
}

static wg_tensor *whole_loss(wg_tensor *const *w, size_t n, void *context)
{
    (void)n;
    return loss(context, w[0], 0, PATTERNS);
}

/* An epoch: one step on all patterns, or a step on each. The patterns' own order is random. factor multiplies the gradients. */
static bool epoch(const struct data *data, double rate, bool online, double factor)
{
    const int size = online ? 1 : PATTERNS;
    wg_tensor *w = data->w;
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = rate);
    bool good = sgd != NULL;
    for (int at = 0; at < PATTERNS && good; at += size) {
        WG_TAPE(tape);
        good = wg_backward(wg_mul_scalar(loss(data, w, at, at + size), factor)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    return good;
}

/* Rows of the weights along a number of epochs from (-1.2, 1.2); *end: where they end. */
static bool follow(struct study_run *run, const struct data *data, double rate, bool online, int epochs, double end[2])
{
    const double factor = run->control && !online ? 1.0 / PATTERNS : 1;
    bool good = wg_write(data->w, (double[]){-1.2, 1.2}) == WG_OK;
    for (int i = 0; i <= epochs && good; i++) {
        good = wg_read(data->w, end) == WG_OK &&
               (epochs == 1 || study_row(run, "%g,%d,%d,%.9g,%.9g", rate, online, i, end[0], end[1])) &&
               (i == epochs || epoch(data, rate, online, factor));
    }
    return good;
}

/* E on a grid of weights, for contours. */
static bool surface(struct study_run *run, struct data *data)
{
    const wg_study_loss all = {.f = whole_loss, .context = data, .params = {1, &data->w, NULL}};
    wg_tensor *a = wg_from(((double[]){1, 0}), WG_SHAPE(2)), *b = wg_from(((double[]){0, 1}), WG_SHAPE(2));
    bool good = a && b && wg_write(data->w, (double[]){0, 0}) == WG_OK && study_table(run, "surface", "w1,w2,loss");
    wg_tensor *plane = good ? wg_study_plane(&all, a, b, .from = -2, .to = 2, .points = SIDE) : NULL;
    const double *p = plane ? wg_data_as(plane, double) : NULL;
    for (int i = 0; i < SIDE * SIDE && p && good; i++)
        good = study_row(run, "%.4g,%.4g,%.5g%s", p[3 * i], p[3 * i + 1], p[3 * i + 2], i % SIDE == SIDE - 1 ? "\n" : "");
    wg_free(a), wg_free(b), wg_free(plane);
    return good && p;
}

static bool compare(struct study_run *run, struct data *data)
{
    double batch[2], online[2], rate[RATES], difference[RATES];
    bool good = study_row(run, "rate,online,epoch,w1,w2") && follow(run, data, 0.1, false, PATH, batch) &&
                follow(run, data, 0.1, true, PATH, online) && follow(run, data, 0.01, false, 10 * PATH, batch) &&
                follow(run, data, 0.01, true, 10 * PATH, online) && surface(run, data) &&
                study_table(run, "rates", "rate,difference,moved");
    for (int i = 0; i < RATES && good; i++) {
        rate[i] = 0.01 / (1 << i);
        good = follow(run, data, rate[i], false, 1, batch) && follow(run, data, rate[i], true, 1, online);
        difference[i] = hypot(batch[0] - online[0], batch[1] - online[1]);
        good = good && study_row(run, "%.9g,%.9g,%.9g", rate[i], difference[i], hypot(batch[0] + 1.2, batch[1] - 1.2));
    }
    if (good)
        study_decide_near(
            run,
            "the exponent of the rate γ in the difference of batch rule and online rule after an epoch, γ = 8e-5 … 0.01, 20 patterns",
            study_exponent(rate, difference, RATES), 2, 0.1);
    return good;
}

/* Patterns, and targets of a teacher's weights with noise. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data data = {.w = wg_zeros(WG_F64, WG_SHAPE(2, 1))};
    wg_tensor *generator = wg_generator(run->seed, 0);
    {
        WG_TAPE(tape);
        wg_tensor *x = wg_normal(generator, WG_F64, WG_SHAPE(PATTERNS, 2), 0, 1);
        wg_tensor *noise = wg_normal(generator, WG_F64, WG_SHAPE(PATTERNS, 1), 0, 0.3);
        wg_tensor *teacher = wg_from(((double[]){1, -0.5}), WG_SHAPE(2, 1));
        data.t = wg_keep(wg_add(wg_tanh(wg_matmul(x, teacher)), noise));
        data.x = wg_keep(x);
    }
    const bool good = data.x && data.t && data.w && wg_set_requires_grad(data.w, true) && compare(run, &data);
    wg_free(generator), wg_free(data.x), wg_free(data.t), wg_free(data.w);
    return good;
}

const struct study study_online_rule = {
    .name = "online_rule", .control = "the batch rule's mean of gradients, in place of their sum,", .run = run};
