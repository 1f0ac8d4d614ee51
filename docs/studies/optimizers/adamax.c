/* Adamax, Adam with the infinity norm. Adam's v is a discounted mean of |g|²; with |g|^p and β₂^p in place of β₂ its root is
       u_p = ((1-β₂^p) Σ β₂^(p(t-i)) |gᵢ|^p)^(1/p) → max over i of β₂^(t-i) |gᵢ|     for p → ∞,
   which is the recursion u ← max(β₂u, |g|). It needs no correction of bias. The logarithms are at most ln(t)/p apart, less where
   one gradient leads.

   Adamax is among the variants that J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), lists. */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { STEPS = 90, POWERS = 6 };

static const double beta2 = 0.98;

/* The logarithm of u_p after t gradients: a sum of powers, the largest of which is taken out. */
static double norm_of(double p, const double *g, int t, double largest)
{
    double sum = 0;
    for (int i = 0; i < t; i++)
        sum += pow(pow(beta2, t - 1 - i) * fabs(g[i]) / largest, p);
    return log(largest) + log((1 - pow(beta2, p)) * sum) / p;
}

/* Control: Adam's norm, p = 2, in place of large p. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1)), true), *generator = wg_generator(run->seed, 0);
    wg_optim *adamax = x ? wg_optim_adamax(((wg_tensor_list){1, &x, NULL}), .beta2 = beta2, .eps = 0) : NULL;
    const wg_tensor_list state = adamax ? wg_optim_state(adamax) : (wg_tensor_list){0, NULL, NULL};
    const wg_tensor *u = NULL;
    double g[STEPS], p[POWERS], worst[POWERS] = {0}, recursion = 0, by_hand = 0;
    for (size_t i = 0; i < state.n; i++) {
        const char *end = strrchr(state.name[i], '.');
        u = end && strcmp(end, ".u") == 0 ? state.tensor[i] : u;
    }
    bool good = u && study_row(run, "step,gradient,adamax,p2,p8,p128");
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *draw = wg_normal(generator, WG_F64, WG_SHAPE(1), 0, 1);
        g[t] = wg_item(draw);
        good = wg_add_gradient(x, draw) == WG_OK && wg_optim_step(adamax) == WG_OK;
        const double now = wg_item(u);
        by_hand = fmax(beta2 * by_hand, fabs(g[t]));
        recursion = fmax(recursion, fabs(now - by_hand));
        for (int k = 0; k < POWERS; k++) {
            p[k] = run->control ? 2 : 2 * pow(4, k);
            worst[k] = fmax(worst[k], fabs(norm_of(p[k], g, t + 1, now) - log(now)));
        }
        good = good && study_row(run, "%d,%.6g,%.6g,%.6g,%.6g,%.6g", t + 1, fabs(g[t]), now, exp(norm_of(2, g, t + 1, now)),
                                 exp(norm_of(8, g, t + 1, now)), exp(norm_of(128, g, t + 1, now)));
    }
    good = good && study_table(run, "limit", "p,distance");
    for (int k = 0; k < POWERS && good; k++)
        good = study_row(run, "%g,%.6g", p[k], worst[k]);
    study_claim(run, recursion < 1e-14, "the library's u is max(β₂u, |g|): %.1e apart, below 1e-14", recursion);
    study_decide(run, worst[POWERS - 1] < 5e-3,
                 "Adam with the power p in place of 2 becomes Adamax: at p = %g its norm is within %.2g of u (relative, at "
                 "most 5e-3); at p = 2 within %.2g",
                 p[POWERS - 1], worst[POWERS - 1], worst[0]);
    wg_optim_destroy(adamax);
    wg_free(x), wg_free(generator);
    return good;
}

const struct study study_adamax = {.name = "adamax", .control = "Adam's p = 2", .run = run};
