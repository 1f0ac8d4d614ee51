/* Steps: all parameters that have a gradient are updated, or none. */
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

wg_status optim_check_alive(const struct parameter *p, size_t i, const char *op)
{
    if (wg_is_live(p->tensor))
        return WG_OK;
    return wg_error_set(
        WG_E_DANGLING, op,
        "%s: parameter %zu of group %zu (%s) was freed, or its module was destroyed, or wg_nn_tie replaced it: make the optimizer after tying, and destroy it before its parameters",
        op, i, p->group, p->name);
}

/* Handed a parameter that this step moves, with what its rule is given. */
typedef wg_status visitor(wg_optim *optim, const struct parameter *p, struct step *s);

/* Visits the parameters that this step moves: those that require a gradient and have one. A frozen one may have that of an older tape.
   clears: gradients are taken away, too. */
static inline __attribute__((always_inline)) wg_status for_each_moved(wg_optim *optim, visitor *visit, bool clears)
{
    size_t moved = 0;
    for (size_t g = 0; g < optim->n_groups; g++) {
        const struct group *group = &optim->groups[g];
        struct step s;
        s.lr = group->lr;
        s.options = group->options;
        for (size_t i = 0; i < group->n; i++) {
            const struct parameter *p = &group->parameters[i];
            WG_TRY(optim_check_alive(p, i, "optim_step"));
            s.g = wg_gradient(p->tensor);
            if (!s.g)
                continue;
            if (wg_requires_grad(p->tensor)) {
                s.p = p->tensor;
                s.t = p->count;
                memcpy(s.state, p->state, sizeof s.state);
                WG_TRY(visit(optim, p, &s));
                moved++;
            } else if (!optim->keep_grads) {
                optim->same = false; /* there is a gradient to take away that the step before did not know */
            }
            if (clears)
                wg_clear_gradient(p->tensor);
        }
    }
    if (moved > 0)
        return WG_OK;
    return wg_error_set(
        WG_E_NO_GRAD, "optim_step",
        "optim_step: no parameter has a gradient: wg_backward comes first, and a step takes the gradients away unless .keep_grads is set");
}

/* ---- steps by kernels: where each update is one kernel there is nothing to fuse ---- */

static wg_status queue_kernel(wg_optim *optim, const struct parameter *p, struct step *s)
{
    WG_TRY(wg_increment(p->count));
    return optim->rule->update(s);
}

/* Gradients go with the update, or not at all. */
static wg_status step_by_kernels(wg_optim *optim)
{
    WG_TRY(wg_update_begin());
    const wg_status status = for_each_moved(optim, queue_kernel, !optim->keep_grads);
    if (status == WG_OK)
        return wg_update_commit();
    wg_update_cancel();
    return status;
}

/* ---- steps by ops: captured once for the parameters that have gradients, then run again while they are the same ---- */

void optim_forget_update(wg_optim *optim)
{
    wg_update_destroy(optim->update);
    optim->update = NULL;
}

static wg_status list(wg_optim *optim, const struct parameter *p, struct step *s)
{
    optim->same = optim->same && optim->moved[optim->n_moved] == p;
    optim->moved[optim->n_moved] = p;
    optim->gradient[optim->n_moved++] = s->g;
    return WG_OK;
}

/* Assigns a rule's results; where it left a state alone there is nothing to do. */
static wg_status assign(const struct parameter *p, const struct step *s, wg_tensor *moved)
{
    if (!moved)
        return wg_error_if_null(NULL);
    for (int k = 0; k < MAX_STATE; k++)
        if (s->state[k] != p->state[k])
            WG_TRY(wg_assign(p->state[k], s->state[k]));
    return wg_assign(p->tensor, moved);
}

/* Queues a parameter's update. The step that ops compute with is what the count becomes. */
static wg_status queue_ops(wg_optim *optim, const struct parameter *p, struct step *s)
{
    s->t = wg_add_scalar(p->count, 1);
    WG_TRY(wg_increment(p->count));
    if (wg_numel(p->tensor) == 0) /* nothing to move, and means of nothing are NaN */
        return WG_OK;
    wg_tensor *moved = optim->rule->move(s);
    return assign(p, s, moved);
}

static wg_status queue(void *context)
{
    wg_optim *optim = context;
    return for_each_moved(optim, queue_ops, !optim->keep_grads);
}

static wg_status step_by_ops(wg_optim *optim)
{
    const size_t before = optim->n_moved;
    optim->n_moved = 0;
    optim->same = true;
    const wg_status status = for_each_moved(optim, list, false);
    if (status != WG_OK || !optim->same || optim->n_moved != before)
        optim_forget_update(optim);
    return status == WG_OK ? wg_update_run(&optim->update, queue, optim, optim->gradient, optim->n_moved) : status;
}

static bool by_kernels(const wg_optim *optim)
{
    const struct optim_rule *rule = optim->rule;
    for (size_t g = 0; rule->by_ops && g < optim->n_groups; g++)
        if (rule->by_ops(optim->groups[g].options))
            return false;
    return rule->update != NULL;
}

wg_status wg_optim_step(wg_optim *optim)
{
    if (!optim)
        return wg_error_set(WG_E_NULL, "optim_step", "optim_step: the optimizer is NULL");
    return by_kernels(optim) ? step_by_kernels(optim) : step_by_ops(optim);
}

void wg_optim_clear_gradients(wg_optim *optim)
{
    for (size_t g = 0; optim && g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            wg_clear_gradient(optim->groups[g].parameters[i].tensor);
}
