/* Adam need not converge. Each third loss is f(x) = C x, the two between are f(x) = -x, on [-1, 1]: with C > 2 the mean slope is
   positive and the minimum is -1. With β₁ = 0 and β₂ = 1/(1 + C²), Adam divides the rare, large gradient by about itself and the
   next, small ones by little: the step of C is as long as one of -1, so x moves to +1, the worst point. AMSGrad divides by the
   largest v so far, which never forgets C.

   The example is that of Reddi, Kale, Kumar, On the convergence of Adam and beyond (2018), theorem 1; both are listed by A.
   Risteski, Advanced optimization (CMU, 2021). Rates fall as 1/√t there and here. */
#include "../study.h"

#include <math.h>

enum { STEPS = 3000, EVERY = 25 };

static const double c = 4;

/* x after STEPS steps from 0; NaN on failure. */
static double play(struct study_run *run, const char *name, wg_optim *optim, wg_tensor *x)
{
    wg_lr *schedule = wg_lr_inverse_time(.power = 0.5);
    bool good = optim && schedule && wg_write(x, (double[]){0}) == WG_OK &&
                wg_optim_add_stage(optim, wg_stage_project_box(.low = -1, .high = 1)) == WG_OK;
    double regret = 0; /* the sum of losses above those of -1 */
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        const double slope = t % 3 == 0 ? c : -1;
        regret += slope * (wg_item(x) + 1);
        good = wg_backward(wg_mul_scalar(x, slope)) == WG_OK && wg_lr_set(schedule, optim, t) == WG_OK &&
               wg_optim_step(optim) == WG_OK &&
               (t % EVERY || study_row(run, "%s,%d,%.6g,%.6g", name, t + 1, wg_item(x), regret / (t + 1)));
    }
    wg_lr_destroy(schedule), wg_optim_destroy(optim);
    return good ? wg_item(x) : (double)NAN;
}

/* Control: AMSGrad forgets as Adam does. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double beta2 = 1 / (1 + c * c);
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 0), true);
    const wg_tensor_list list = {1, &x, NULL};
    bool good = x && study_row(run, "optimizer,step,x,mean_regret");
#define ADAM() wg_optim_adam(list, .lr = 0.5, .beta1 = 0, .beta2 = beta2, .uncorrected = true, .eps = 0)
    const double adam = play(run, "adam", ADAM(), x),
                 corrected = play(run, "corrected", wg_optim_adam(list, .lr = 0.5, .beta1 = 0, .beta2 = beta2), x),
                 amsgrad = play(run, "amsgrad",
                                run->control
                                    ? ADAM()
                                    : wg_optim_amsgrad(list, .lr = 0.5, .beta1 = 0, .beta2 = beta2, .uncorrected = true, .eps = 0),
                                x);
    study_claim(run, corrected > 0.9, "with the correction of bias Adam ends at %.2f, too, above 0.9", corrected);
    study_decide(
        run, adam > 0.9 && amsgrad < -0.9,
        "losses 4x, -x, -x in turn on [-1, 1], whose minimum is -1: after %d steps Adam is at %.2f, above 0.9, and AMSGrad at "
        "%.2f, below -0.9",
        STEPS, adam, amsgrad);
    wg_free(x);
    return good && !isnan(adam + corrected + amsgrad);
}

const struct study study_amsgrad = {.name = "amsgrad", .control = "Adam in place of AMSGrad", .run = run};
