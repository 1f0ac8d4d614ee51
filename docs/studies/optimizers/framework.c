/* One formula for five optimizers: x⁺ = x - α H⁻¹ g + β H⁻¹ H' (x - x'), where x' and H' are those of one step before, and G =
   H⊙H, H diagonal:

                 SGD    heavy ball    AdaGrad      RMSProp             Adam
           G     1      1             G' + g²      β₂G' + (1-β₂)g²     (β₂(1-β₂ᵗ⁻¹)G' + (1-β₂)g²)/(1-β₂ᵗ)
           α     η      η             η            η                   η(1-β₁)/(1-β₁ᵗ)
           β     0      β             0            0                   β₁(1-β₁ᵗ⁻¹)/(1-β₁ᵗ)

   In print Adam's G lacks the factor 1-β₂ᵗ⁻¹: G' was divided by it, so it has to come back. wg_optim_view gives the terms of a
   running optimizer.

   The table is that of V. Cevher, Mathematics of Data (EPFL, 2019), after Wilson et al. (2017). */
#include "../study.h"

#include <math.h>

enum { STEPS = 50, COLUMNS = 5 };

static const double rate = 0.02, beta1 = 0.9, beta2 = 0.99;
static const char *const name[COLUMNS] = {"sgd", "heavy_ball", "adagrad", "rmsprop", "adam"};

static wg_optim *optimizer_of(int column, wg_tensor_list x)
{
    switch (column) {
    case 0:
        return wg_optim_sgd(x, .lr = rate);
    case 1:
        return wg_optim_heavy_ball(x, .lr = rate, .momentum = beta1);
    case 2:
        return wg_optim_adagrad(x, .lr = rate, .eps = 1e-20);
    case 3:
        return wg_optim_rmsprop(x, .lr = rate, .alpha = beta2, .eps = 1e-20);
    default:
        return wg_optim_adam(x, .lr = rate, .beta1 = beta1, .beta2 = beta2, .eps = 1e-20);
    }
}

/* The table, by its columns. now: G, from G' in before. */
static void terms_of(int column, bool printed, int t, double g, double before, double *now, double *alpha, double *beta)
{
    const double was = 1 - pow(beta1, t - 1), is = 1 - pow(beta1, t), lost = printed ? 1 : 1 - pow(beta2, t - 1);
    *now = column < 2    ? 1
           : column == 2 ? before + g * g
           : column == 3 ? beta2 * before + (1 - beta2) * g * g
                         : (beta2 * lost * before + (1 - beta2) * g * g) / (1 - pow(beta2, t));
    *alpha = column < 4 ? rate : rate * (1 - beta1) / is;
    *beta = column == 1 ? beta1 : column == 4 ? beta1 * was / is : 0;
}

/* The largest distances, over all steps on f = 2 cosh(x - 1) - sin x from -1, of the table's α/H and βH'/H from the library's,
   and of the table's own path from the library's. NaN on failure. */
static double distance(struct study_run *run, const char *row, int column, bool printed)
{
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1), -1), true);
    wg_optim *optim = x ? optimizer_of(column, (wg_tensor_list){1, &x, NULL}) : NULL;
    double at = -1, last = -1, big = column < 2, worst = 0;
    bool good = optim != NULL;
    for (int t = 1; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_optim_terms terms;
        double now, alpha, beta;
        const double g = 2 * sinh(at - 1) - cos(at);
        terms_of(column, printed, t, g, big, &now, &alpha, &beta);
        wg_tensor *shifted = wg_add_scalar(x, -1), *value = wg_sub(wg_add(wg_exp(shifted), wg_exp(wg_neg(shifted))), wg_sin(x));
        good = wg_backward(wg_sum(value)) == WG_OK && wg_optim_view(optim, x, &terms) == WG_OK;
        const double of_library = wg_item(terms.rate), kept = wg_item(terms.momentum);
        worst = fmax(worst, fmax(fabs(alpha / sqrt(now) - of_library), t > 1 ? fabs(beta * sqrt(big / now) - kept) : 0));
        const double next = at - alpha * g / sqrt(now) + beta * sqrt(big / now) * (at - last);
        last = at, at = next, big = now;
        good = good && wg_optim_step(optim) == WG_OK &&
               study_row(run, "%s,%d,%.9g,%.9g,%.9g,%.9g", row, t, wg_item(x), at, of_library, alpha / sqrt(now));
        worst = fmax(worst, fabs(at - wg_item(x)));
    }
    wg_optim_destroy(optim);
    wg_free(x);
    return good ? worst : (double)NAN;
}

/* Control: the printed column of Adam. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double sum = 0;
    bool good = study_row(run, "optimizer,step,library,table,rate_library,rate_table");
    for (int i = 0; i < COLUMNS; i++)
        sum += distance(run, name[i], i, run->control && i == 4);
    const double printed = distance(run, "printed", 4, true);
    study_claim(run, printed > 0.01, "as printed, without 1-β₂ᵗ⁻¹, Adam's column is off by %.2g in %d steps, above 0.01", printed,
                STEPS);
    study_decide(
        run, sum < 1e-11,
        "one formula, x - αH⁻¹g + βH⁻¹H'(x - x'), is SGD, heavy ball, AdaGrad, RMSProp and Adam with the H, α and β of the "
        "five-column table; sum of the largest distances %.1e, below 1e-11",
        sum);
    return good && !isnan(sum + printed);
}

const struct study study_framework = {.name = "framework", .control = "the printed column of Adam", .run = run};
