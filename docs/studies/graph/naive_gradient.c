/* The naive gradient: each derivative by a formula of its own. For one hidden layer, f(x) = βᵀσ(Wx) and L = (y - f(x))²,
       ∂L/∂β = -2 (y - βᵀσ(Wx)) σ(Wx),       ∂L/∂W = -2 (y - βᵀσ(Wx)) (β ⊙ σ'(Wx)) xᵀ,
   and each formula computes Wx and σ(Wx) again. With k layers there are k + 1 formulas, of which each begins with a whole forward pass and
   comes down from the output to its own layer. One backward pass does for all of them what the longest does for itself.

   Both formulas, and the question what they cost, are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

#include "complexity_methods.h"

enum { WIDTH = 16, DEPTH = 16 };

static wg_tensor *hidden(const struct network *net)
{
    return wg_tanh(wg_matmul(net->weight[0], net->x));
}

/* -2 (y - βᵀσ(Wx)) */
static wg_tensor *outer(const struct network *net)
{
    return wg_mul_scalar(wg_add_scalar(wg_neg(wg_sum(wg_mul(net->weight[1], hidden(net)))), TARGET), -2);
}

static wg_tensor *beta_formula(const struct network *net)
{
    return wg_mul(outer(net), hidden(net));
}

static wg_tensor *w_formula(const struct network *net)
{
    wg_tensor *slope = wg_add_scalar(wg_neg(wg_square(hidden(net))), 1);
    return wg_matmul(wg_mul(outer(net), wg_mul(net->weight[1], slope)), wg_transpose(net->x, 0, 1));
}

/* The largest difference of both formulas from the library's gradient, relative to the largest element of each; NaN: something failed. */
static double formula_error(uint64_t seed)
{
    struct network net;
    double worst = (double)NAN;
    if (network_make(&net, 1, WIDTH, seed) && wg_set_requires_grad(net.weight[0], true) &&
        wg_set_requires_grad(net.weight[1], true)) {
        WG_TAPE(tape);
        wg_tensor *by_hand[2] = {w_formula(&net), beta_formula(&net)}, *g[2];
        const bool good = wg_grad_many(loss_of(net.weight, 1, net.x), net.weight, 2, g) == WG_OK;
        worst = good ? 0 : worst;
        for (int i = 0; i < 2 && good; i++) {
            const double d = wg_item(wg_norm(wg_sub(g[i], by_hand[i]), .p = INFINITY)) / wg_item(wg_norm(g[i], .p = INFINITY));
            worst = isnan(d) ? d : fmax(worst, d);
        }
    }
    network_free(&net);
    return worst;
}

/* Operations of each derivative of k layers by itself, done[0 … k], and done[k + 1] of all in one backward pass. Control: each derivative
   gets its share of that pass. */
static bool count(uint64_t seed, int k, bool share, double done[MAX_LAYERS + 2])
{
    struct network net;
    bool good = network_make(&net, k, WIDTH, seed);
    double *gradient = malloc((size_t)network_parameters(&net) * sizeof *gradient);
    for (int j = k + 1; j >= 0 && good && gradient; j--) {
        struct operations operations = {0};
        good = j > k ? backward(&net, 0, k + 1, gradient, &operations) : share || backward(&net, j, 1, gradient, &operations);
        done[j] = j <= k && share ? done[k + 1] / (k + 1) : operations.total;
    }
    good = good && gradient;
    free(gradient);
    network_free(&net);
    return good;
}

/* The sum over the derivatives, over one backward pass. */
static double ratio(const double *done, int k)
{
    double sum = 0;
    for (int j = 0; j <= k; j++)
        sum += done[j];
    return sum / done[k + 1];
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double done[MAX_LAYERS + 2], first = 0, last = 0;
    bool good = study_row(run, "parameter,operations,together"), exact = true;
    good = good && count(run->seed, DEPTH, run->control, done);
    for (int j = 0; j <= DEPTH && good; j++)
        good = study_row(run, "%d,%g,%g", j + 1, done[j], done[DEPTH + 1]);
    good = good && study_table(run, "ratio", "k,counted,closed form");
    for (int k = 1; k <= MAX_LAYERS && good; k = k < 4 ? k + 1 : k + 4) {
        const double form = methods[SEPARATE].closed_form(k, WIDTH) / methods[BACKPROP].closed_form(k, WIDTH);
        good = count(run->seed, k, run->control, done) && study_row(run, "%d,%.9g,%.9g", k, ratio(done, k), form);
        exact = exact && ratio(done, k) == form;
        first = k == MAX_LAYERS / 2 ? ratio(done, k) : first;
        last = ratio(done, k);
    }
    if (!good)
        return false;
    const double error = formula_error(run->seed), slope = (last - first) / (MAX_LAYERS - MAX_LAYERS / 2);
    study_claim(run, error <= 1e-13,
                "∂L/∂β and ∂L/∂W by the formulas are the library's gradients, within %.1e of 1e-13 of their largest elements",
                error);
    study_claim(run, exact, "the ratio of the operations is that of the closed forms, exactly, for 1 to %d layers", MAX_LAYERS);
    study_decide_near(
        run,
        "all derivatives of k layers, each by a formula of its own, take k/2 + 2/3 times the operations of one backward pass: their ratio "
        "grows with k, from 32 to 64 layers of 16 neurons, by",
        slope, 0.5, 0.02);
    return true;
}

const struct study study_naive_gradient = {
    .name = "naive_gradient", .control = "one backward pass that all derivatives share", .run = run};
