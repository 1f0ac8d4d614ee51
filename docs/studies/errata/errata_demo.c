/* The gradients of a linear classifier's demonstration, nine points and three classes (F. Gogianu, Optimization, Bitdefender).

   The demonstration states the loss data + λΣW² with λ = 0.1, whose second part is 3.50 for its W. The gradient of that part is 2λW =
   0.2 W. The six gradients that it prints contain 0.05 W instead, as those of a penalty λ/4 ΣW² would. */
#include "../nine_points.h"
#include "../study.h"

#include <math.h>

static const double printed[WEIGHTS] = {-.38, .07, .51, -.58, .17, .36}, printed_b[CLASSES] = {.11, -.11, 0};
static const double strength = 0.1;

/* The penalty, and the gradients of the data's loss and of the whole loss by W, and by b. */
static bool differentiate(double *penalty, double *of_data, double *of_total, double *by_b)
{
    WG_TAPE(tape);
    wg_tensor *w = wg_set_requires_grad(wg_from(weights, WG_SHAPE(CLASSES, 2)), true),
              *b = wg_set_requires_grad(wg_from(biases, WG_SHAPE(CLASSES)), true);
    wg_tensor *scores = wg_linear(wg_from(points, WG_SHAPE(POINTS, 2)), w, b);
    wg_tensor *data = wg_multi_margin(scores, wg_from(labels, WG_SHAPE(POINTS)), .divide = false);
    wg_tensor *decay = wg_mul_scalar(wg_sum(wg_square(w)), strength);
    wg_tensor *g = wg_grad(data, w), *gb = wg_grad(data, b), *both = wg_grad(wg_add(data, decay), w);
    *penalty = wg_item(decay);
    return wg_read(g, of_data) == WG_OK && wg_read(both, of_total) == WG_OK && wg_read(gb, by_b) == WG_OK;
}

/* Control: the share 0.05 of W that is printed. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double penalty, data[WEIGHTS], total[WEIGHTS], by_b[CLASSES], of_b = 0, of_printed = 0, of_stated = 0, of_right = 0;
    const double share = run->control ? 0.05 : 2 * strength;
    if (!differentiate(&penalty, data, total, by_b) || !study_row(run, "weight,printed,data,with_005,with_02,total"))
        return false;
    for (int i = 0; i < WEIGHTS; i++) {
        const double with_005 = data[i] + 0.05 * weights[i];
        of_printed = fmax(of_printed, fabs(printed[i] - with_005));
        of_right = fmax(of_right, fabs(printed[i] - total[i]));
        of_stated = fmax(of_stated, fabs(data[i] + share * weights[i] - total[i]));
        if (!study_row(run, "%d,%.9g,%.9g,%.9g,%.9g,%.9g", i + 1, printed[i], data[i], with_005, data[i] + 0.2 * weights[i],
                       total[i]))
            return false;
    }
    for (int i = 0; i < CLASSES; i++)
        of_b = fmax(of_b, fabs(printed_b[i] - by_b[i]));
    study_claim(run, of_b < 5.01e-3, "the printed gradients of the biases are right, off by %.4f at most, within half a digit",
                of_b);
    study_near(run, "the penalty 0.1 ΣW²", penalty, 3.5, 1e-12);
    study_claim(run, of_printed < 5.01e-3,
                "all six printed gradients are those of the data plus 0.05 W within %.4f, half a last digit", of_printed);
    study_claim(run, of_right > 0.5, "E9, printed: off the gradient of the printed loss by %.2f, at W₂₂ = -4", of_right);
    study_decide(run, of_stated < 1e-12,
                 "the gradient of data + 0.1 ΣW² is that of the data plus %g W: off by %.1e at most, 1e-12 allowed", share,
                 of_stated);
    return true;
}

const struct study study_errata_demo = {.name = "errata_demo", .control = "0.05 W, as printed,", .run = run};
