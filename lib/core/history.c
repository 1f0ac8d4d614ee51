/* Values with a history, which may not be changed in place. A value computed from a leaf that requires a gradient has a history:
   its node says which function of the leaf it is. A change in place would keep the history but change the value, and gradients
   of later readers would be those of the old value. So only leaves, constants and their views may be changed. */
#include "core/internal.h"

/* The tensor that t is a view of, through any number of views, or t itself. A detached tensor is a view, too. */
static const wg_tensor *base_of(const wg_tensor *t)
{
    while (t->tape && !(t->flags & WG_T_PROXY) && t->from.node && (t->from.node->call.op->flags & WG_OP_VIEW))
        t = t->from.node->call.in[0];
    return t;
}

/* True if a result with a history on an open tape lies in this storage, other than as a view. */
static bool holds_result(const struct wg_thread *th, const struct wg_storage *storage)
{
    for (const wg_tape *tape = th->top; tape; tape = tape->below)
        for (const struct wg_node *node = tape->last; node; node = node->prev)
            for (unsigned i = 0; node->needs && i < node->call.n_out; i++)
                if (node->call.out[i]->storage == storage && !(node->call.op->flags & WG_OP_VIEW))
                    return true;
    return false;
}

static bool has_history(const struct wg_thread *th, const wg_tensor *t)
{
    const wg_tensor *base = base_of(t);
    if (base->tape && !(base->flags & WG_T_PROXY))
        return (base->flags & (WG_T_NEEDS | WG_T_REQUIRES)) == WG_T_NEEDS;
    const struct wg_value *value = (const struct wg_value *)(base->tape ? base->from.leaf : base);
    return value->shares && holds_result(th, t->storage); /* a kept tensor whose tape is still open */
}

wg_status wg_may_change(struct wg_thread *th, const wg_tensor *t, const char *op, unsigned i)
{
    if (!th)
        return WG_OK;
    if (th->callback || th->mode.vjp_depth > 0)
        WG_TRY(wg_callback_may_write(th, t, op));
    if (th->rerunning || !has_history(th, t))
        return WG_OK;
    return wg_fail(
        WG_E_STATE, op,
        "%s: operand %u lies in a value that was computed from a leaf, and that leaf's gradient would be the one of the old "
        "value: change a copy (wg_copy of wg_detach), or compute the new value by ops",
        op, i);
}
