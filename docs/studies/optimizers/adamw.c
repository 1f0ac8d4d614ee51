/* AdamW: decay that is not divided by the gradient's size. A penalty ½λp² adds λp to the gradient, and Adam divides the sum by
   √v: a weight whose gradients are large hardly decays. AdamW multiplies each weight by 1 - ηλ instead.

   Here gradients are noise, g = ±a in turn, of three sizes a, so that what the weights do is decay alone:
       Adam with the penalty    p' = -η λp/√v, v near a²: the rate of decay is ηλ/a
       AdamW                    p' = -ηλp: the rate is ηλ for all

   AdamW is among the variants that J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), lists. */
#include "../study.h"

#include <math.h>

enum { WEIGHTS = 3, STEPS = 2000, EVERY = 20 };

static const double size[WEIGHTS] = {1, 4, 16}, rate = 1e-3, lambda = 0.3;

/* The measured rate of decay of each weight in units of ηλ; false on failure. */
static bool decay(struct study_run *run, bool decoupled, double slope[WEIGHTS])
{
    wg_tensor *p = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(WEIGHTS)), true), *g[2];
    const double *at = wg_data(p);
    for (int i = 0; i < 2; i++)
        g[i] = wg_from(((double[]){i ? -size[0] : size[0], i ? -size[1] : size[1], i ? -size[2] : size[2]}), WG_SHAPE(WEIGHTS));
    const wg_tensor_list list = {1, &p, NULL};
    wg_optim *optim = decoupled ? wg_optim_adamw(list, .lr = rate, .weight_decay = lambda)
                                : wg_optim_adam(list, .lr = rate, .weight_decay = lambda);
    bool good = optim != NULL;
    for (int t = 0; t < STEPS && good; t++)
        good = wg_add_gradient(p, g[t % 2]) == WG_OK && wg_optim_step(optim) == WG_OK &&
               (t % EVERY || study_row(run, "%s,%d,%.6g,%.6g,%.6g", decoupled ? "adamw" : "adam", t + 1, at[0], at[1], at[2]));
    for (int i = 0; i < WEIGHTS; i++)
        slope[i] = -log(at[i]) / (STEPS * rate * lambda);
    wg_optim_destroy(optim);
    wg_free(p), wg_free(g[0]), wg_free(g[1]);
    return good;
}

/* Control: Adam's penalty in place of AdamW's decay. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double adam[WEIGHTS], adamw[WEIGHTS], worst = 0;
    bool good = study_row(run, "optimizer,step,w1,w2,w3") && decay(run, false, adam) && decay(run, !run->control, adamw);
    study_near(run, "Adam with a penalty: exponent of the rate of decay in the gradient's size",
               study_exponent(size, adam, WEIGHTS), -1, 0.1);
    for (int i = 0; i < WEIGHTS; i++)
        worst = fmax(worst, fabs(adamw[i] - 1));
    study_decide(
        run, worst < 0.02,
        "AdamW's weights decay at the rate ηλ whatever their gradients' size, 1 to 16: within %.4f of it, at most 0.02; with a "
        "penalty in Adam the last decays at %.2f of it",
        worst, adam[WEIGHTS - 1]);
    return good;
}

const struct study study_adamw = {.name = "adamw", .control = "Adam's penalty in place of AdamW's decay", .run = run};
