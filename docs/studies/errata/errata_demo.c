/* The gradients of a linear classifier's demonstration, nine points and three classes (F. Gogianu, Optimization, Bitdefender).

   The demonstration states the loss data + λΣW² with λ = 0.1, whose second part is 3.50 for its W. The gradient of that part is 2λW = 0.2 W.
   The six gradients that it prints contain 0.05 W instead: they are those of a penalty λ/4 ΣW², or of a rule that forgot the 2 and halved. */
#include "../nine_points.h"
#include "../study.h"

#include <math.h>

static const double printed[WEIGHTS] = {-.38, .07, .51, -.58, .17, .36};
static const double strength = 0.1;

/* The penalty, and the gradients of the data's loss and of the whole loss. */
static bool differentiate(double *penalty, double *of_data, double *of_total)
{
    WG_TAPE(tape);
    wg_tensor *w = wg_set_requires_grad(wg_from(weights, WG_SHAPE(CLASSES, 2)), true), *b = wg_from(biases, WG_SHAPE(CLASSES));
    wg_tensor *scores = wg_linear(wg_from(points, WG_SHAPE(POINTS, 2)), w, b);
    wg_tensor *data = wg_multi_margin(scores, wg_from(labels, WG_SHAPE(POINTS)), .divide = false);
    wg_tensor *decay = wg_mul_scalar(wg_sum(wg_square(w)), strength);
    wg_tensor *g = wg_grad(data, w), *both = wg_grad(wg_add(data, decay), w);
    *penalty = wg_item(decay);
    return g && both && wg_read(g, of_data) == WG_OK && wg_read(both, of_total) == WG_OK;
}

/* Control: the share 0.05 of W that is printed. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double penalty, data[WEIGHTS], total[WEIGHTS], of_printed = 0, of_stated = 0, of_right = 0;
    const double share = run->control ? 0.05 : 2 * strength;
    if (!differentiate(&penalty, data, total) || !study_row(run, "weight,printed,data,with_005,with_02,total"))
        return false;
    for (int i = 0; i < WEIGHTS; i++) {
        const double with_005 = data[i] + 0.05 * weights[i];
        of_printed = fmax(of_printed, fabs(printed[i] - with_005));
        of_right = fmax(of_right, fabs(printed[i] - total[i]));
        of_stated = fmax(of_stated, fabs(data[i] + share * weights[i] - total[i]));
        if (!study_row(run, "%d,%.9g,%.9g,%.9g,%.9g,%.9g", i + 1, printed[i], data[i], with_005, data[i] + 0.2 * weights[i], total[i]))
            return false;
    }
    study_near(run, "the penalty 0.1 ΣW²", penalty, 3.5, 1e-12);
    study_claim(run, of_printed < 5.01e-3, "all six printed gradients are those of the data plus 0.05 W within %.4f, half a last digit",
                of_printed);
    study_claim(run, of_right > 0.5, "E9, printed: off the gradient of the printed loss by %.2f, at W₂₂ = -4", of_right);
    study_decide(run, of_stated < 1e-12, "the gradient of data + 0.1 ΣW² is that of the data plus %g W: off by %.1e at most, 1e-12 allowed",
                 share, of_stated);
    return true;
}

const struct study study_errata_demo = {.name = "errata_demo", .control = "0.05 W, as printed,", .run = run};
