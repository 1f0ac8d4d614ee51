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

static wg_status no_gradient(const char *op)
{
    return wg_error_set(
        WG_E_NO_GRAD, op,
        "%s: no parameter has a gradient: wg_backward comes first, and a step takes the gradients away unless .keep_grads is set",
        op);
}

/* Visits the parameters that this step moves: those that require a gradient and have one. A frozen one may have that of an older
   tape. clears: gradients are taken away, too. */
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
            WG_TRY(optim_check_alive(p, i, optim->op));
            s.g = wg_gradient(p->tensor);
            if (!s.g)
                continue;
            if (wg_requires_grad(p->tensor)) {
                s.p = p->tensor;
                s.t = p->count;
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
    return no_gradient(optim->op);
}

/* ---- steps by kernels: where each update is one kernel there is nothing to fuse ---- */

enum { MAX_KERNEL_STATE = 2 }; /* of a rule that has a kernel: sgd, adam, adamw, sparse_adam */

static wg_status queue_kernel(wg_optim *optim, const struct parameter *p, struct step *s)
{
    WG_TRY(wg_increment(p->count));
    memcpy(s->state, p->state, MAX_KERNEL_STATE * sizeof *s->state);
    return optim->rule->update(s);
}

static wg_status queue_rows(wg_optim *optim, const struct parameter *p, struct step *s)
{
    s->rows = p->rows;
    return queue_kernel(optim, p, s);
}

/* The update has been queued, or not. */
static wg_status end_update(wg_status queued)
{
    if (queued == WG_OK)
        return wg_update_commit();
    wg_update_cancel();
    return queued;
}

/* Gradients go with the update, or not at all. */
static wg_status step_by_kernels(wg_optim *optim)
{
    WG_TRY(wg_update_begin());
    return end_update(for_each_moved(optim, queue_kernel, !optim->keep_grads));
}

/* Rows are those of one step. */
static wg_status step_by_rows(wg_optim *optim)
{
    WG_TRY(wg_update_begin());
    WG_TRY(end_update(for_each_moved(optim, queue_rows, !optim->keep_grads)));
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            optim->groups[g].parameters[i].rows = NULL;
    return WG_OK;
}

wg_status wg_optim_set_rows(wg_optim *optim, const wg_tensor *parameter, wg_tensor *rows)
{
    const char *op = "optim_set_rows";
    if (!optim || !parameter || !rows)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op,
                            !optim       ? "optimizer is"
                            : !parameter ? "parameter is"
                                         : "list of rows is");
    if (!optim->rule->takes_rows)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s moves all rows; sparse_adam does not", op, optim->rule->name);
    struct parameter *found = optim_find(optim, parameter);
    if (!found)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the tensor is no parameter of the optimizer", op);
    if (!wg_is_live(rows))
        return wg_error_set(
            WG_E_DANGLING, op,
            "%s: the rows were freed, their tape closed, or their value released: wg_backward does that to what a tape has computed",
            op);
    if (wg_dtype_of(rows) != WG_I64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected rows of i64, got %s", op, wg_dtype_name(wg_dtype_of(rows)));
    found->rows = rows;
    return WG_OK;
}

/* ---- steps by ops: captured once for the parameters that have gradients, then run again while they are the same ---- */

void optim_forget_update(wg_optim *optim)
{
    wg_update_destroy(optim->update), wg_update_destroy(optim->update_ahead), wg_update_destroy(optim->update_observe);
    optim->update = optim->update_ahead = optim->update_observe = NULL;
}

static wg_status list(wg_optim *optim, const struct parameter *p, struct step *s)
{
    optim->same = optim->same && optim->moved[optim->n_moved] == p;
    optim->moved[optim->n_moved] = p;
    optim->gradient[optim->n_moved++] = s->g;
    return WG_OK;
}

/* All parameters that move enter the chain. clears: their gradients are taken away. */
static wg_status enter_all(wg_optim *optim, bool clears)
{
    optim->n_moving = 0;
    return for_each_moved(optim, pass_enter, clears);
}

static wg_status queue_step(void *context)
{
    wg_optim *optim = context;
    WG_TRY(enter_all(optim, !optim->keep_grads));
    return pass_step(optim);
}

/* Gradients of a point ahead, and those of another loss, are never those of the step. */
static wg_status queue_ahead(void *context)
{
    WG_TRY(enter_all(context, true));
    return pass_ahead(context);
}

static wg_status queue_observation(void *context)
{
    WG_TRY(enter_all(context, true));
    return pass_observe(context);
}

/* update: that of earlier steps of this kind. */
static wg_status run_by_ops(wg_optim *optim, wg_step *queue, wg_update **update)
{
    const size_t before = optim->n_moved;
    optim->n_moved = 0;
    optim->same = true;
    const wg_status status = for_each_moved(optim, list, false);
    if (status != WG_OK || !optim->same || optim->n_moved != before)
        optim_forget_update(optim);
    if (status != WG_OK)
        return status;
    optim->gradient[optim->n_moved] = optim->loss;
    return wg_update_run(update, queue, optim, optim->gradient, optim->n_moved + (optim->loss != NULL));
}

static bool by_kernels(const wg_optim *optim)
{
    const struct optim_rule *rule = optim->rule;
    if (optim->n_links > 1)
        return false;
    for (size_t g = 0; rule->by_ops && g < optim->n_groups; g++)
        if (rule->by_ops(optim->groups[g].options))
            return false;
    return rule->update != NULL;
}

static wg_status cannot_begin(const wg_optim *optim, const char *op)
{
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    return wg_error_set(WG_E_STATE, op,
                        "%s: the parameters are exchanged with the state %s: wg_optim_exchange(optim, \"%s\") takes them back", op,
                        optim->exchanged, optim->exchanged);
}

/* op: the function that was called. */
static inline wg_status begin(wg_optim *optim, const char *op)
{
    if (!optim || optim->exchanged)
        return cannot_begin(optim, op);
    optim->op = op;
    optim->calls++;
    return WG_OK;
}

static wg_status take(wg_optim *optim)
{
    if (optim->rule->takes_rows)
        return step_by_rows(optim);
    return by_kernels(optim) ? step_by_kernels(optim) : run_by_ops(optim, queue_step, &optim->update);
}

static wg_status no_loss(const wg_optim *optim)
{
    return wg_error_set(WG_E_STATE, optim->op, "%s: the step of %s depends on the loss: wg_optim_step_with_loss(optim, loss)",
                        optim->op, optim->rule->name);
}

wg_status wg_optim_step(wg_optim *optim)
{
    WG_TRY(begin(optim, "optim_step"));
    return optim->rule->needs_loss ? no_loss(optim) : take(optim);
}

static wg_status check_loss(const wg_tensor *loss, const char *op)
{
    if (!loss || loss == WG_NONE)
        return wg_error_set(WG_E_NULL, op, "%s: the loss is NULL", op);
    if (!wg_is_live(loss))
        return wg_error_set(
            WG_E_DANGLING, op,
            "%s: the loss was freed, its tape closed, or its value released: wg_backward keeps that of its own operand", op);
    if (wg_numel(loss) != 1)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a loss of one element, got %lld", op, (long long)wg_numel(loss));
    if (wg_dtype_of(loss) == WG_F32 || wg_dtype_of(loss) == WG_F64)
        return WG_OK;
    return wg_error_set(WG_E_DTYPE, op, "%s: expected a loss of f32 or f64, got %s", op, wg_dtype_name(wg_dtype_of(loss)));
}

wg_status wg_optim_step_with_loss(wg_optim *optim, wg_tensor *loss)
{
    WG_TRY(begin(optim, "optim_step_with_loss"));
    WG_TRY(check_loss(loss, optim->op));
    optim->loss = optim->rule->needs_loss ? loss : NULL;
    const wg_status status = take(optim);
    optim->loss = NULL;
    return status;
}

wg_status wg_optim_step_ahead(wg_optim *optim)
{
    WG_TRY(begin(optim, "optim_step_ahead"));
    const struct link *ahead = chain_ahead(optim);
    if (!ahead)
        return wg_error_set(WG_E_STATE, optim->op,
                            "%s: no stage says where to: wg_optim_add_stage(optim, wg_stage_sam()) or another that does",
                            optim->op);
    if (ahead->rule->by_step && optim->rule->needs_loss)
        return wg_error_set(WG_E_STATE, optim->op, "%s: %s leads ahead by a step, and that of %s depends on the loss", optim->op,
                            ahead->label, optim->rule->name);
    return run_by_ops(optim, queue_ahead, &optim->update_ahead);
}

wg_status wg_optim_observe(wg_optim *optim)
{
    WG_TRY(begin(optim, "optim_observe"));
    if (!optim->rule->observe)
        return wg_error_set(WG_E_STATE, optim->op,
                            "%s: %s observes no curvature: a rule that does is sophia_g, sophia_h or adahessian", optim->op,
                            optim->rule->name);
    return run_by_ops(optim, queue_observation, &optim->update_observe);
}

uint64_t wg_optim_calls(const wg_optim *optim)
{
    if (optim)
        return optim->calls;
    (void)wg_error_set(WG_E_NULL, "optim_calls", "optim_calls: the optimizer is NULL");
    return 0;
}

void wg_optim_clear_gradients(wg_optim *optim)
{
    for (size_t g = 0; optim && g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            wg_clear_gradient(optim->groups[g].parameters[i].tensor);
}
