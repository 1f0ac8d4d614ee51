/* Composed ops: made of other ops. On a tape such an op leaves the nodes of its parts. With no tape open it runs on a temporary
   tape, out of which its results are kept. */
#include "core/internal.h"
#include "wengert/ops.h"

/* The parts may read an operand several times, so none may overwrite it: donations end here. */
static wg_status check_operands(struct wg_thread *th, const wg_call *c)
{
    for (unsigned i = 0; i < c->n_in; i++) {
        WG_TRY(wg_check_operand(th, c->op, c->in[i], i));
        wg_flag(c->in[i], WG_T_DONATED, false);
    }
    return WG_OK;
}

/* Replaces a result that is one of the operands by a handle of its own. */
static wg_status separate_from_operands(const wg_call *c, wg_tensor **out)
{
    for (unsigned i = 0; i < c->n_out; i++)
        for (unsigned k = 0; k < c->n_in; k++)
            if (out[i] == c->in[k]) {
                out[i] = wg_reshape(out[i], wg_shape_of(out[i]));
                if (!out[i])
                    return WG_E_MEMORY;
                break;
            }
    return WG_OK;
}

static wg_status make(struct wg_thread *th, const wg_call *c, wg_tensor **out)
{
    const struct wg_op *before = th->composing;
    const wg_call *call_before = th->composing_call;
    if (!before) {
        th->composing = c->op;
        th->composing_call = c;
    }
    for (unsigned i = 0; i < c->n_out; i++)
        out[i] = NULL;
    wg_callback callback = {.op = c->op->name, .who = "its compose"};
    wg_callback_begin(&callback);
    wg_status status = wg_callback_end(&callback, c->op->compose(c, out));
    for (unsigned i = 0; i < c->n_out && status == WG_OK; i++)
        status = out[i] ? wg_callback_check(&callback, out[i], "returned") : wg_error_cause();
    if (status == WG_OK)
        status = separate_from_operands(c, out);
    if (status == WG_E_NULL) /* a part failed: its error is the cause */
        status = wg_error_cause();
    if (status != WG_OK)
        wg_op_failed(th, c->op, status, "forward");
    th->composing = before;
    th->composing_call = call_before;
    return status;
}

wg_status wg_compose(struct wg_thread *th, const wg_call *c, wg_tensor **out)
{
    WG_TRY(check_operands(th, c));
    if (th->top)
        return make(th, c, out);
    wg_tape *own = wg_tape_push(th, false);
    if (!own) {
        wg_tape_close(NULL);
        return wg_op_failed(th, c->op, WG_E_MEMORY, "forward");
    }
    const bool grad = wg_grad_mode_set(false); /* with no tape open nothing is recorded */
    wg_status status = make(th, c, out);
    wg_grad_mode_set(grad);
    if (status == WG_OK && (status = wg_values_on(out, c->n_out, c->op->name)) != WG_OK)
        wg_op_failed(th, c->op, status, "forward");
    wg_tape_close(own);
    return status;
}
