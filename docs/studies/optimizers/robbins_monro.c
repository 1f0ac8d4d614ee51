/* The conditions of Robbins and Monro: SGD converges if Σ η = ∞, so that its steps reach any point, and Σ η² < ∞, so that their
   noise dies out. Here on f = x²/2 with gradients x + ξ, ξ ~ N(0, 1), from 20, as the mean square E x² of many runs:

       constant     Σ η² infinite: stays at the noise floor η/(2 - η)
       t^-½         Σ η² infinite; E x² falls all the same, as η does: the conditions suffice, they are not necessary
       t^-¾, t^-1   both hold
       t^-2         Σ η finite: stops on the way

   The conditions are given by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { RUNS = 400, STEPS = 4000, KINDS = 5 };

static const char *const name[KINDS] = {"constant", "half", "three_quarters", "one", "two"};
static const double power[KINDS] = {0, 0.5, 0.75, 1, 2}, rate = 0.5;

static wg_lr *schedule_of(int kind)
{
    return power[kind] > 0 ? wg_lr_inverse_time(.power = power[kind]) : wg_lr_constant(.factor = 1, .steps = 1);
}

/* E x² after the steps, all runs in one tensor; NaN on failure. Rows at steps that grow by a quarter. */
static double descend(struct study_run *run, const char *row, const wg_lr *schedule)
{
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(RUNS), 20), true), *generator = wg_generator(run->seed, 0);
    wg_optim *sgd = x && schedule ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = rate) : NULL;
    double squares = 400, next = 1;
    bool good = sgd && generator;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *xi = wg_normal(generator, WG_F64, WG_SHAPE(RUNS), 0, 1),
                  *f = wg_add(wg_mul_scalar(wg_sum_squares(x), 0.5), wg_sum(wg_mul(xi, x)));
        good = wg_lr_set(schedule, sgd, t) == WG_OK && wg_backward(f) == WG_OK && wg_optim_step(sgd) == WG_OK;
        if (t + 1 < next && t + 1 < STEPS)
            continue;
        squares = wg_item(wg_mean(wg_square(x)));
        next *= 1.25;
        good = good && study_row(run, "%s,%d,%.6g", row, t + 1, squares);
    }
    wg_optim_destroy(sgd), wg_free(x), wg_free(generator);
    return good ? squares : (double)NAN;
}

/* Control: a constant rate in place of t^-1. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double end[KINDS];
    int said = 0;
    bool good = study_row(run, "schedule,step,mean_square");
    for (int i = 0; i < KINDS && good; i++) {
        wg_lr *schedule = schedule_of(run->control && i == 3 ? 0 : i);
        wg_lr_robbins_monro_result result = {0};
        end[i] = descend(run, name[i], schedule);
        good = !isnan(end[i]) && wg_lr_robbins_monro(schedule, &result) == WG_OK;
        said += result.fulfilled == (i == 2 || i == 3);
        wg_lr_destroy(schedule);
    }
    if (!good)
        return false;
    study_claim(run, said == KINDS || run->control,
                "wg_lr_robbins_monro says yes to t^-¾ and t^-1, and no to the other three: right for %d of %d", said, (int)KINDS);
    study_near(run, "constant rate: E x² beside its floor η/(2 - η)", end[0], rate / (2 - rate), 0.1);
    study_claim(run, end[1] < 0.02, "t^-½, which fails the conditions: E x² = %.4f, below 0.02", end[1]);
    study_decide(
        run, end[2] < 0.005 && end[3] < 0.1 && end[3] < 0.5 * end[0] && end[4] > 20,
        "E x² of SGD after %d steps: %.2g at rates as t^-¾ (below 0.005) and %.2g as t^-1 (below 0.1), where Σ η = ∞ and Σ η² "
        "< ∞; %.2g at a constant rate, and %.2g as t^-2 (above 20)",
        STEPS, end[2], end[3], end[0], end[4]);
    return true;
}

const struct study study_robbins_monro = {.name = "robbins_monro", .control = "a constant rate in place of t^-1", .run = run};
