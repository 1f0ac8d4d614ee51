/* Label smoothing. With a target of 1 for the label and 0 for the others the cross entropy has no minimum: it falls as long as the gap
   between the label's score and the others grows. With 1 - (m-1)ε for the label and ε for each of the m - 1 others it is least where
   the softmax is the target, so at the gap ln((1 - (m-1)ε)/ε).

   The form is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). PyTorch's spreads a share s over all m classes: s = mε. */
#include "../study.h"

#include <math.h>

enum { M = 10, LABEL = 3, STEPS = 400, SIZES = 5 };
static const double sizes[SIZES] = {0.001, 0.003, 0.01, 0.03, 0.06};

struct task {
    double eps;
    wg_smoothing_rule rule;
    wg_tensor *label;
};

static wg_tensor *loss(wg_tensor *const *z, size_t n, void *context)
{
    (void)n;
    const struct task *task = context;
    return wg_cross_entropy(z[0], task->label, .smoothing = task->eps, .smoothing_rule = task->rule);
}

/* The label's score less the mean of the others. */
static double gap(const wg_tensor *z)
{
    const double *s = wg_data(z);
    double others = 0;
    for (int i = 0; i < M; i++)
        others += i == LABEL ? 0 : s[i] / (M - 1);
    return s[LABEL] - others;
}

/* Gradient descent on the scores at the rate 1, as rows of the table. */
static bool descend(struct study_run *run, const struct task *task)
{
    wg_tensor *z = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1, M)), true);
    wg_optim *sgd = z ? wg_optim_sgd(((wg_tensor_list){1, &z, NULL}), .lr = 1) : NULL;
    bool good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        good = (t % 10 || study_row(run, "%g,%d,%.9g", task->eps, t, gap(z))) && wg_backward(loss(&z, 1, (void *)task)) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(z);
    return good;
}

/* The gap at the minimum; NaN if something failed. */
static double minimum(struct task *task)
{
    wg_tensor *z = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1, M)), true);
    wg_minimizer *bfgs = z ? wg_minimize_bfgs(((wg_tensor_list){1, &z, NULL}), .gradient_tolerance = 1e-10) : NULL;
    const double found = bfgs && wg_minimize_run(bfgs, loss, task, NULL) == WG_OK ? gap(z) : (double)NAN;
    wg_minimize_destroy(bfgs);
    wg_free(z);
    return found;
}

/* Control: ε as the share that is spread over all classes. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct task task = {.rule = WG_SMOOTHING_EACH, .label = wg_from(((int64_t[]){LABEL}), WG_SHAPE(1))};
    double worst = 0, worst_spread = 0;
    bool good = task.label && study_row(run, "eps,step,gap") && descend(run, &task);
    for (int i = 2; i < SIZES && good; i++) {
        task.eps = sizes[i];
        good = descend(run, &task);
    }
    good = good && study_table(run, "minimum", "eps,gap");
    for (int i = 0; i < SIZES && good; i++) {
        const double stated = log((1 - (M - 1) * sizes[i]) / sizes[i]);
        task = (struct task){sizes[i], run->control ? WG_SMOOTHING_SPREAD : WG_SMOOTHING_EACH, task.label};
        const double found = minimum(&task);
        task = (struct task){M * sizes[i], WG_SMOOTHING_SPREAD, task.label};
        const double spread = minimum(&task);
        good = !isnan(found + spread) && study_row(run, "%g,%.9g", sizes[i], found);
        worst = fmax(worst, fabs(found - stated));
        worst_spread = fmax(worst_spread, fabs(spread - stated));
    }
    wg_free(task.label);
    if (!good)
        return false;
    study_claim(run, worst_spread < 1e-5, "PyTorch's form with s = mε has the same minimum, off by %.1e", worst_spread);
    study_decide(
        run, worst < 1e-5,
        "m = 10 classes, ε from 0.001 to 0.06: the cross entropy of smoothed labels is least at the gap ln((1 - (m-1)ε)/ε) of "
        "scores, off by %.1e; 1e-5 allowed",
        worst);
    return true;
}

const struct study study_label_smoothing = {
    .name = "label_smoothing", .control = "ε as PyTorch's share, spread over all classes,", .run = run};
