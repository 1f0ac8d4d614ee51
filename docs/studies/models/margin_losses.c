/* Losses of a score f against a label y = ±1, by the margin yf: logistic ln(1 + e^-yf), squared (1 - yf)², hinge max(0, 1 - yf). The
   error itself, 1 where yf ≤ 0, has the derivative 0 everywhere and can't be descended. Each loss, in its unit (logistic / ln 2), lies
   above it, so a small mean loss bounds the share of errors. The binary cross entropy of t = (y + 1)/2 and σ(f) is the logistic loss.

   The losses are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, J. Sun, Training DNNs: Basic Methods (Minnesota,
   2020), and F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { POINTS = 61, LOGISTIC = 0, SQUARED, HINGE, LOSSES };

/* The loss of f with the label y, and its derivative by f. */
static bool measure(int loss, double f, double y, double *value, double *slope)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_from(&f, WG_SHAPE(1)), true), *t = wg_from(&y, WG_SHAPE(1));
    wg_tensor *l = loss == LOGISTIC ? wg_logistic(x, t) : loss == SQUARED ? wg_mse(x, t) : wg_hinge(x, t);
    *value = wg_item(l);
    *slope = wg_item(wg_grad(l, x));
    return !isnan(*value + *slope);
}

static double formula(int loss, double margin)
{
    return loss == LOGISTIC ? log1p(exp(-margin)) : loss == SQUARED ? pow(1 - margin, 2) : fmax(0, 1 - margin);
}

/* The binary cross entropy of the probability σ(f) with the target (y + 1)/2. */
static double cross_entropy(double f, double y)
{
    WG_TAPE(tape);
    return wg_item(wg_bce(wg_sigmoid(wg_from(&f, WG_SHAPE(1))), wg_full(WG_F64, WG_SHAPE(1), (y + 1) / 2)));
}

/* Control: formulas of f instead of yf. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double off = 0, off_bce = 0, below = 0, done = 0;
    bool good = study_row(run, "margin,logistic,squared,hinge,slope_logistic,slope_squared,slope_hinge");
    for (int i = 0; i < 2 * POINTS && good; i++) {
        const double y = i < POINTS ? 1 : -1, margin = (i % POINTS - 30) / 10.0, f = y * margin;
        double value[LOSSES], slope[LOSSES];
        for (int k = 0; k < LOSSES && good; k++) {
            good = measure(k, f, y, &value[k], &slope[k]);
            off = fmax(off, fabs(value[k] - formula(k, run->control ? f : margin)));
            below = fmax(below, (margin <= 0) - value[k] / (k == LOGISTIC ? M_LN2 : 1));
        }
        off_bce = fmax(off_bce, fabs(cross_entropy(f, y) - value[LOGISTIC]));
        done = margin > 1 ? fmax(done, fabs(slope[HINGE])) : done;
        good = good && (y < 0 || study_row(run, "%g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g", margin, value[0], value[1], value[2], slope[0],
                                           slope[1], slope[2]));
    }
    if (!good)
        return false;
    study_claim(run, off_bce < 1e-14, "the binary cross entropy of σ(f) and (y + 1)/2 is the logistic loss: off by %.1e", off_bce);
    study_claim(run, below <= 0, "each loss in its unit is at least 1 where the sign is wrong: the error is bounded");
    study_claim(run, done == 0, "hinge: the gradient of an example with a margin above 1 is %g", done);
    study_decide(
        run, off < 1e-14,
        "logistic, squared and hinge are functions of the margin yf: off ln(1 + e^-yf), (1 - yf)² and max(0, 1 - yf) by %.1e at "
        "122 points; 1e-14 allowed, for rounding",
        off);
    return true;
}

const struct study study_margin_losses = {.name = "margin_losses", .control = "formulas of f instead of yf", .run = run};
