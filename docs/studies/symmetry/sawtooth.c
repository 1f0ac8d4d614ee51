/* Depth counts pieces. The tent map T(x) = 2 relu(x) - 4 relu(x - ½) goes from 0 to 1 and back to 0 over 0 … 1. A network of k layers with two relu units
   each computes Tᵏ, a sawtooth of 2ᵏ pieces, with 6k + 1 parameters. One hidden layer of 2k units has the same number of
   parameters, 3 · 2k + 1, and at most 2k + 1 pieces, one more than its units. It can follow k teeth of the 2ᵏ⁻¹.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3, for the question deep or shallow; Telgarsky: Benefits of depth
   in neural networks, 2016, for the sawtooth. */
#include "../study.h"

#include <math.h>

enum { MAX_DEPTH = 8, MAX_POINTS = 1 << 10 };

static int64_t count_parameters(const wg_nn_module *net)
{
    const wg_tensor_list p = wg_nn_parameters(net);
    int64_t sum = 0;
    for (size_t i = 0; i < p.n; i++)
        sum += wg_numel(p.tensor[i]);
    return sum;
}

/* Tᵏ. Control: without an activation. */
static wg_nn_module *make_sawtooth(const struct study_run *run, int k)
{
    int64_t sizes[MAX_DEPTH + 2] = {1};
    for (int i = 1; i <= k; i++)
        sizes[i] = 2;
    sizes[k + 1] = 1;
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){k + 2, sizes}), .dtype = WG_F64, .seed = 0,
                                  .activation = run->control ? WG_ACTIVATION_IDENTITY : WG_ACTIVATION_RELU);
    const wg_tensor_list p = net ? wg_nn_parameters(net) : (wg_tensor_list){0};
    bool good = net && wg_write(p.tensor[0], ((double[]){1, 1})) == WG_OK;
    for (int i = 1; i < k && good; i++)
        good = wg_write(p.tensor[2 * i], ((double[]){2, -4, 2, -4})) == WG_OK;
    for (int i = 0; i < k && good; i++)
        good = wg_write(p.tensor[2 * i + 1], ((double[]){0, -0.5})) == WG_OK;
    good = good && wg_write(p.tensor[2 * k], ((double[]){2, -4})) == WG_OK &&
           wg_write(p.tensor[2 * k + 1], ((double[]){0})) == WG_OK;
    if (good)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* n points in the middle of equal parts of 0 … 1: y = net(x) and its slopes. */
static bool evaluate(const wg_nn_module *net, int n, double *y, double *slope)
{
    double at[MAX_POINTS];
    for (int i = 0; i < n; i++)
        at[i] = (i + 0.5) / n;
    wg_tensor *x = wg_from(at, WG_SHAPE(n, 1));
    bool good = x && wg_set_requires_grad(x, true);
    if (good) {
        WG_TAPE(tape);
        wg_tensor *out = wg_nn_apply(net, x), *g = out ? wg_grad(wg_sum(out), x) : NULL;
        good = g && wg_read(out, y) == WG_OK && wg_read(g, slope) == WG_OK;
    }
    wg_free(x);
    return good;
}

static int count_pieces(const double *slope, int n)
{
    int pieces = 1;
    for (int i = 1; i < n; i++)
        pieces += fabs(slope[i] - slope[i - 1]) > 1e-9;
    return pieces;
}

struct data {
    const wg_nn_module *net;
    wg_tensor *x, *y;
};

static wg_tensor *squared_error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct data *data = context;
    return wg_mse(wg_nn_apply(data->net, data->x), data->y);
}

/* A network of one hidden layer is fitted to n points (x, y): units with weights of 1 and kinks spread evenly, then BFGS on all parameters. */
static bool fit_shallow(wg_nn_module *net, int units, int n, const double *y, double *loss)
{
    double w[2 * MAX_DEPTH], b[2 * MAX_DEPTH], at[MAX_POINTS];
    for (int i = 0; i < units; i++) {
        w[i] = 1;
        b[i] = -(double)i / units;
    }
    for (int i = 0; i < n; i++)
        at[i] = (i + 0.5) / n;
    struct data data = {net, wg_from(at, WG_SHAPE(n, 1)), wg_from(y, WG_SHAPE(n, 1))};
    wg_minimizer *bfgs = wg_minimize_bfgs(wg_nn_parameters(net), .max_iterations = 500);
    wg_minimize_result result = {0};
    const bool good = data.x && data.y && bfgs && wg_write(wg_nn_parameter(net, "0.weight"), w) == WG_OK &&
                      wg_write(wg_nn_parameter(net, "0.bias"), b) == WG_OK &&
                      wg_minimize_run(bfgs, squared_error, &data, &result) == WG_OK;
    *loss = result.f;
    wg_minimize_destroy(bfgs);
    wg_free(data.x);
    wg_free(data.y);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static double y[MAX_POINTS], slope[MAX_POINTS], fitted[MAX_POINTS], fitted_slope[MAX_POINTS], curve[2][8 << 4];
    bool good = study_row(run, "k,parameters,deep,shallow,loss"), equal = true, few = true;
    int pieces = 0, most = 0;
    double loss = 0;
    for (int k = 1; k <= MAX_DEPTH && good; k++) {
        const int n = 8 << (k < 7 ? k : 7);
        wg_nn_module *deep = make_sawtooth(run, k), *shallow = wg_nn_mlp(WG_SIZES(1, 2 * k, 1), .dtype = WG_F64, .seed = run->seed);
        good = deep && shallow && evaluate(deep, n, y, slope) && fit_shallow(shallow, 2 * k, n, y, &loss) &&
               evaluate(shallow, n, fitted, fitted_slope);
        pieces = count_pieces(slope, n);
        most = count_pieces(fitted_slope, n);
        equal = equal && good && pieces == 1 << k && count_parameters(deep) == 6 * k + 1 && count_parameters(shallow) == 6 * k + 1;
        few = few && most <= 2 * k + 1;
        good = good && study_row(run, "%d,%d,%d,%d,%.6g", k, 6 * k + 1, pieces, most, loss);
        for (int i = 0; k == 4 && i < n; i++)
            curve[0][i] = y[i], curve[1][i] = fitted[i];
        wg_nn_destroy(deep);
        wg_nn_destroy(shallow);
    }
    good = good && study_table(run, "curves", "x,deep,shallow");
    for (int i = 0; i < 8 << 4 && good; i++)
        good = study_row(run, "%.6g,%.6g,%.6g", (i + 0.5) / (8 << 4), curve[0][i], curve[1][i]);
    study_claim(run, few, "one hidden layer of 2k units, fitted to the sawtooth, has at most 2k + 1 pieces for k = 1 … 8");
    study_decide(
        run, equal && few && loss > 0.05,
        "with 6k + 1 parameters each: k layers of two relu units make %d pieces for k = 8, 2ᵏ expected for k = 1 … 8; one layer, fitted to them, "
        "%d, at most 17, and its squared error stays %.3f, above 0.05 (0.083 for a constant)",
        pieces, most, loss);
    return good;
}

const struct study study_sawtooth = {.name = "sawtooth", .control = "no activation", .run = run};
