/* The stochastic gradient, exactly. Of a loss that is a mean over m examples, g = 1/m Σ gᵢ is the gradient, and the gradient of a batch S of
   B examples, drawn without replacement, is ĝ = 1/B Σ_S gᵢ. Over all (m over B) batches its mean is g, and its variance

       E‖ĝ - g‖² = σ²/B · (m - B)/(m - 1),    σ² = 1/m Σ ‖gᵢ - g‖²

   (with replacement it is σ²/B). With m = 10 there are 1023 batches: all are taken, and nothing is estimated.

   The statements are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, J. Sun, Training DNNs: Basic Methods (Minnesota,
   2020), and F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>

enum { M = 10, N = 2 * 4 + 4 + 4 + 1 }; /* examples; parameters of the network 2-4-1 */

struct data {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

/* What is summed over all batches of a size: ĝ, and ‖ĝ - g‖². */
struct moments {
    double batches, mean[N], variance;
};

static int size_of(unsigned set)
{
    return __builtin_popcount(set);
}

/* The gradient of the mean loss over the examples of a set, divided by `divisor` instead of their number. */
static bool gradient(const struct data *data, unsigned set, int divisor, double g[N])
{
    WG_TAPE(tape);
    int64_t index[M], n = 0;
    for (int i = 0; i < M; i++)
        if (set >> i & 1)
            index[n++] = i;
    wg_tensor *rows = wg_from(index, WG_SHAPE(n));
    wg_tensor *x = wg_index_select(data->x, 0, rows), *y = wg_index_select(data->y, 0, rows), *all[4];
    const wg_tensor_list params = wg_nn_parameters(data->net);
    wg_tensor *sum = wg_mse(wg_nn_apply(data->net, x), y, .reduction = WG_REDUCTION_SUM);
    bool good = wg_grad_many(wg_mul_scalar(sum, 1.0 / divisor), params.tensor, params.n, all) == WG_OK;
    for (size_t i = 0; i < params.n && good; i++)
        all[i] = wg_reshape(all[i], WG_SHAPE(-1));
    return good && wg_read(wg_concat(all, params.n, 0), g) == WG_OK;
}

static double squared_distance(const double a[N], const double b[N])
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* All batches: their moments by size, and a row for each. */
static bool take_all(struct study_run *run, const struct data *data, const double g[N], struct moments moments[M + 1])
{
    bool good = true;
    for (unsigned set = 1; set < 1u << M && good; set++) {
        double batch[N];
        struct moments *of = &moments[size_of(set)];
        good = gradient(data, set, run->control ? M : size_of(set), batch);
        of->batches += 1;
        of->variance += squared_distance(batch, g);
        for (int i = 0; i < N; i++)
            of->mean[i] += batch[i];
        good = good && study_row(run, "%d,%.9g,%.9g,%.9g", size_of(set), batch[0], batch[1], sqrt(squared_distance(batch, g)));
    }
    return good;
}

static bool compare(struct study_run *run, const struct data *data)
{
    double g[N], sigma2, bias = 0, error = 0;
    struct moments moments[M + 1] = {{0}};
    bool good = gradient(data, (1u << M) - 1, M, g) && take_all(run, data, g, moments) &&
                study_table(run, "size", "size,batches,bias,variance,predicted");
    sigma2 = moments[1].variance / M;
    for (int b = 1; b <= M && good; b++) {
        struct moments *of = &moments[b];
        const double predicted = sigma2 / b * (M - b) / (M - 1);
        for (int i = 0; i < N; i++)
            of->mean[i] /= of->batches;
        of->variance /= of->batches;
        const double distance = sqrt(squared_distance(of->mean, g) / sigma2);
        bias = fmax(bias, distance);
        error = fmax(error, fabs(of->variance - predicted) / sigma2);
        good = study_row(run, "%d,%g,%.3g,%.9g,%.9g", b, of->batches, distance, of->variance, predicted);
    }
    if (good)
        study_decide(
            run, bias <= 1e-13 && error <= 1e-13,
            "over all 1023 batches of 10 examples, of each size B, the batch gradient's mean is the gradient, within %.0e σ, and its "
            "variance σ²/B (m - B)/(m - 1), within %.0e σ²: at most 1e-13 (rounding)",
            bias, error);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data data = {.net = wg_nn_mlp(WG_SIZES(2, 4, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = run->seed)};
    const bool good = data.net && study_row(run, "size,g0,g1,distance") &&
                      wg_dataset_make_teacher(&data.x, &data.y, .rows = M, .features = 2, .noise = 0.3, .seed = run->seed,
                                              .dtype = WG_F64) == WG_OK &&
                      compare(run, &data);
    wg_free(data.x), wg_free(data.y);
    wg_nn_destroy(data.net);
    return good;
}

const struct study study_unbiased_gradient = {
    .name = "unbiased_gradient", .control = "batch sums divided by m = 10 instead of the batch's size", .run = run};
