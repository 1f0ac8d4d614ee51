/* Schedules of the rate, as factors of the first rate: in inverse time, α/(1 + βk); exponential, αe^(-βk); in steps, divided by 5
   or 10 every L = 10 epochs. They are drawn from the library and compared with their formulas. A warm-up and a cosine, and a
   product of two, are made of parts.

   The formulas are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { EPOCHS = 50, KINDS = 6 };

static const double beta = 0.1;
static const char *const name[KINDS] = {"inverse_time", "exponential", "by_5", "by_10", "warmup_cosine", "product"};

static wg_lr *schedule_of(int kind)
{
    switch (kind) {
    case 0:
        return wg_lr_inverse_time(.decay = beta);
    case 1:
        return wg_lr_exponential(.gamma = exp(-beta));
    case 2:
        return wg_lr_step(.period = 10, .gamma = 1.0 / 5);
    case 3:
        return wg_lr_step(.period = 10, .gamma = 1.0 / 10);
    case 4:
        return wg_lr_warmup(wg_lr_cosine(.steps = 40), .steps = 10);
    default:
        return wg_lr_product(wg_lr_step(.period = 10, .gamma = 1.0 / 5), wg_lr_exponential(.gamma = exp(-beta)));
    }
}

/* Control: the rate falls at every epoch where it should fall every 10. */
static double formula(int kind, int k, bool control)
{
    const double stairs = control ? k / 10.0 : k / 10;
    switch (kind) {
    case 0:
        return 1 / (1 + beta * k);
    case 1:
        return exp(-beta * k);
    case 2:
        return pow(5, -stairs);
    case 3:
        return pow(10, -stairs);
    case 4:
        return k < 10 ? k / 10.0 : (1 + cos(acos(-1) * (k - 10) / 40)) / 2;
    default:
        return pow(5, -stairs) * exp(-beta * k);
    }
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = wg_set_requires_grad(wg_zeros(WG_F64, WG_SCALAR), true);
    wg_optim *sgd = x ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = 0.5) : NULL;
    double apart = 0, of_optimizer = 0;
    bool good = sgd && study_row(run, "schedule,epoch,factor");
    for (int i = 0; i < KINDS && good; i++) {
        wg_lr *schedule = schedule_of(i);
        for (int k = 0; k < EPOCHS && (good = good && schedule); k++) {
            const double factor = wg_lr_at(schedule, k);
            apart = fmax(apart, fabs(factor - formula(i, k, run->control)));
            good = study_row(run, "%s,%d,%.6g", name[i], k, factor) && wg_lr_set(schedule, sgd, k) == WG_OK;
            of_optimizer = fmax(of_optimizer, fabs(wg_optim_lr(sgd, 0) - 0.5 * factor));
        }
        wg_lr_destroy(schedule);
    }
    study_claim(run, of_optimizer == 0,
                "an optimizer made with the rate 0.5 has 0.5 times the factor: largest distance %.1e, exactly 0", of_optimizer);
    study_decide(
        run, apart < 1e-14,
        "α/(1+βk), αe^(-βk), a division by 5 and by 10 every 10 epochs, a cosine after a warm-up and a product: the library's "
        "schedules are at most %.1e from their formulas, below 1e-14, over %d epochs",
        apart, EPOCHS);
    wg_optim_destroy(sgd), wg_free(x);
    return good;
}

const struct study study_schedules = {
    .name = "schedules", .control = "a fall at every epoch in the formulas of the staircases", .run = run};
