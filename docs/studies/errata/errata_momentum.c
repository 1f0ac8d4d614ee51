/* Two misprints about momentum.

   Nesterov's momentum is printed as v ← βv - ∇f(x + βv), x ← x + ηv (A. Risteski, Deep Learning 10707, Carnegie Mellon, 2021, lecture
   6). A step moves x by ηv, so the point that momentum alone would reach is x + ηβv. Printed is x + βv, which looks 1/η steps too far.

   Momentum α is said to average about 1/α examples (W. Gerstner, Artificial Neural Networks, EPFL, Deep Nets 3). The weights α^k of the
   last gradients sum up to 1/(1-α): 10 at α = 0.9, where 1/α = 1.1. */
#include "../study.h"

#include <math.h>

enum { STEPS = 200, ALPHAS = 5 };
static const double eta = 0.02, beta = 0.9;

/* ½(x₁² + 20x₂²) and its gradient 20x₂ in the steeper of its directions. */
static wg_tensor *bowl(wg_tensor *x)
{
    return wg_mul_scalar(wg_sum(wg_mul(wg_from(((double[]){1, 20}), WG_SHAPE(2)), wg_square(x))), 0.5);
}

/* The printed rule with the look-ahead x + ahead βv, for STEPS steps; point[t] is where the gradient of step t was asked for. */
static bool look_ahead(double ahead, double point[][2])
{
    double x[2] = {-2, 1}, v[2] = {0, 0};
    for (int t = 0; t <= STEPS; t++) {
        WG_TAPE(tape);
        for (int i = 0; i < 2; i++)
            point[t][i] = x[i] + ahead * beta * v[i];
        wg_tensor *at = wg_set_requires_grad(wg_from(point[t], WG_SHAPE(2)), true), *g = wg_grad(bowl(at), at);
        const double *slope = wg_data(g);
        if (!slope)
            return false;
        for (int i = 0; i < 2; i++) {
            v[i] = beta * v[i] - slope[i];
            x[i] += eta * v[i];
        }
    }
    return true;
}

/* How far the library's Nesterov steps, whose parameter is the point ahead, are from the rule's. */
static double distance(double point[][2])
{
    wg_tensor *x = wg_set_requires_grad(wg_from(((double[]){-2, 1}), WG_SHAPE(2)), true);
    wg_optim *sgd = x ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = eta, .momentum = beta, .nesterov = true) : NULL;
    const double *at = wg_data(x);
    double worst = sgd && at ? 0 : (double)NAN;
    for (int t = 0; t <= STEPS && !isnan(worst); t++) {
        WG_TAPE(tape);
        worst = fmax(worst, fmin(hypot(at[0] - point[t][0], at[1] - point[t][1]), 1e9));
        if (wg_backward(bowl(x)) != WG_OK || wg_optim_step(sgd) != WG_OK)
            worst = (double)NAN;
    }
    wg_optim_destroy(sgd);
    wg_free(x);
    return worst;
}

/* How many times a plain step SGD with momentum moves at last, where the gradient is 1 at every step. */
static double effective(double alpha)
{
    wg_tensor *x = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1)), true);
    wg_optim *sgd = x ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = 1, .momentum = alpha) : NULL;
    double moved = sgd ? 0 : (double)NAN;
    for (int t = 0; t < 2000 && !isnan(moved); t++) {
        WG_TAPE(tape);
        const double before = wg_item(x);
        moved = wg_backward(wg_sum(x)) == WG_OK && wg_optim_step(sgd) == WG_OK ? before - wg_item(x) : (double)NAN;
    }
    wg_optim_destroy(sgd);
    wg_free(x);
    return moved;
}

/* Control: the printed look-ahead and the printed 1/α. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double alphas[ALPHAS] = {0.5, 0.7, 0.8, 0.9, 0.95};
    double right[STEPS + 1][2], printed[STEPS + 1][2], worst = 0;
    if (!look_ahead(eta, right) || !look_ahead(1, printed) || !study_row(run, "step,right,printed"))
        return false;
    for (int t = 0; t <= STEPS; t++)
        if (!study_row(run, "%d,%.6g,%.6g", t, hypot(right[t][0], right[t][1]), hypot(printed[t][0], printed[t][1])))
            return false;
    bool good = study_table(run, "average", "alpha,measured");
    for (int i = 0; i < ALPHAS && good; i++) {
        const double sum = effective(alphas[i]), stated = run->control ? 1 / alphas[i] : 1 / (1 - alphas[i]);
        worst = fmax(worst, fabs(sum / stated - 1));
        good = !isnan(sum) && study_row(run, "%g,%.9g", alphas[i], sum);
    }
    study_claim(run, !(hypot(printed[STEPS][0], printed[STEPS][1]) < 1e6),
                "E10, printed: with x + βv the rule diverges, to %.1e in %d steps", hypot(printed[STEPS][0], printed[STEPS][1]),
                STEPS);
    study_near(run, "E14: the weights of past gradients at α = 0.9 sum up to; printed: 1/α = 1.1", effective(0.9), 10, 1e-9);
    const double off = distance(run->control ? printed : right);
    study_decide(
        run, off < 1e-12 && worst < 1e-9,
        "the stated look-ahead is off Nesterov's momentum by %.1e in %d steps, 1e-12 allowed; weights of past gradients sum up to "
        "the stated number within %.1e, relative, 1e-9 allowed",
        off, STEPS, worst);
    return good && !isnan(off);
}

const struct study study_errata_momentum = {
    .name = "errata_momentum", .control = "the look-ahead x + βv and the sum 1/α, as printed,", .run = run};
