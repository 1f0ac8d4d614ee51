/* Forward mode: pushes tangents along the tape. An op's Jacobian-vector product computes the tangents of a node's results from
   those of its inputs. Between nodes a tangent is stored in its tensor's adjoint. */
#include "grad/forward_mode.h"
#include "wengert/ops.h"

/* ---- one node ---- */

static bool has_float_result(const wg_call *c)
{
    for (unsigned i = 0; i < c->n_out; i++)
        if (c->out[i]->dtype <= WG_F64)
            return true;
    return false;
}

/* along + <g, t>. Operands may have different dtypes; the sum has that of the first, because only its derivatives are used. */
static wg_tensor *add_product(wg_tensor *along, wg_tensor *g, wg_tensor *t)
{
    wg_tensor *part = wg_sum(wg_mul(g, t));
    if (!along || !part)
        return part;
    return wg_add(along, part->dtype == along->dtype ? part : wg_cast(part, (wg_dtype)along->dtype));
}

/* J t for an op without a jvp, such as a user's. The vjp is linear in the gradient u, so J t is the derivative of <vjp(u), t> with
   respect to u. */
static wg_status by_two_vjps(struct wg_thread *th, struct wg_node *node, wg_tensor *const *tx, wg_tensor **ty)
{
    const wg_call *c = &node->call;
    wg_grad_slot *gx = wg_object_new((c->n_in + 1u) * sizeof *gx);
    wg_tensor *u[WG_MAX_OUTPUTS], *leaf[WG_MAX_OUTPUTS], *by_leaf[WG_MAX_OUTPUTS], *along = NULL;
    size_t leaves = 0;
    wg_status status = gx ? WG_OK : WG_E_MEMORY;
    for (unsigned i = 0; i < c->n_out && status == WG_OK; i++) {
        u[i] = WG_NONE;
        if (c->out[i]->dtype > WG_F64)
            continue;
        u[i] = wg_set_requires_grad(wg_zeros((wg_dtype)c->out[i]->dtype, wg_shape_of(c->out[i])), true);
        leaf[leaves++] = u[i];
        status = u[i] ? WG_OK : wg_error_cause();
    }
    for (unsigned i = 0; i < c->n_in && status == WG_OK; i++)
        gx[i].need = !wg_absent(tx[i]);
    if (status == WG_OK) {
        th->mode.vjp_depth++;
        status = wg_node_vjp(th, node, u, gx);
        th->mode.vjp_depth--;
    }
    for (unsigned i = 0; i < c->n_in && status == WG_OK; i++) {
        if (!gx[i].need || !gx[i].result)
            continue;
        along = add_product(along, gx[i].result, tx[i]);
        status = along ? WG_OK : wg_error_cause();
    }
    if (status == WG_OK && along && (along->flags & WG_T_NEEDS))
        status = wg_grad_many(along, leaf, leaves, by_leaf, .create_graph = true, .unused = WG_UNUSED_ZEROS);
    else
        leaves = 0;
    for (unsigned i = c->n_out; i-- > 0 && status == WG_OK && leaves > 0;)
        if (c->out[i]->dtype <= WG_F64)
            ty[i] = by_leaf[--leaves];
    wg_object_free(gx);
    return status;
}

static wg_status jvp_of_user(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_hidden hidden;
    WG_TRY(wg_hide_undeclared(c, tx, c->n_in, &hidden));
    wg_callback callback = {.op = c->op->name, .who = "its jvp", .call = c, .gradient = tx, .n_gradients = c->n_in};
    wg_callback_begin(&callback);
    const wg_status status = wg_callback_end(&callback, c->op->jvp(c, tx, ty));
    wg_show_undeclared(c, &hidden);
    return status;
}

static wg_status tangents_of(struct wg_thread *th, struct wg_node *node, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_op *op = node->call.op;
    if ((op->flags & WG_OP_NO_DERIVATIVE) || (!op->jvp && !op->vjp))
        return wg_no_derivative(op);
    for (unsigned i = 0; i < node->call.n_out; i++)
        ty[i] = op->jvp ? NULL : WG_NONE;
    if (op->jvp) {
        th->mode.vjp_depth++;
        const wg_status status = op->registered ? op->jvp(&node->call, tx, ty) : jvp_of_user(&node->call, tx, ty);
        th->mode.vjp_depth--;
        return status == WG_E_NULL ? wg_error_cause() : status;
    }
    const struct wg_modes outer = wg_modes_nest(th);
    const wg_status status = by_two_vjps(th, node, tx, ty);
    th->mode = outer;
    return status;
}

static wg_status set_tangents(const wg_call *c, wg_tensor *const *ty)
{
    for (unsigned i = 0; i < c->n_out; i++) {
        if (c->out[i]->dtype > WG_F64)
            continue;
        if (!ty[i])
            return wg_fail(WG_E_BUG, c->op->name, "%s: its jvp gave no tangent for result %u: a bug in the op", c->op->name, i);
        if (wg_absent(ty[i]))
            continue;
        WG_TRY(wg_check_made(ty[i], c->op->name, "what its jvp gave as a tangent"));
        if (ty[i]->dtype != c->out[i]->dtype || !wg_same_dims(ty[i], c->out[i]))
            return wg_fail(WG_E_BUG, c->op->name, "%s: its jvp gave a tangent of another shape for result %u: a bug in the op",
                           c->op->name, i);
        c->out[i]->adjoint = ty[i];
    }
    return WG_OK;
}

/* Computes the tangents of a node's results. The tangent of an input in which the op is flat counts as zero. */
static wg_status visit(struct wg_thread *th, struct wg_node *node)
{
    const wg_call *c = &node->call;
    wg_tensor *local[8], *ty[WG_MAX_OUTPUTS];
    bool any = false;
    wg_tensor **tx = c->n_in <= 8 ? local : wg_object_new(c->n_in * sizeof *tx);
    if (!tx)
        return WG_E_MEMORY;
    for (unsigned i = 0; i < c->n_in; i++) {
        wg_tensor *t = c->in[i]->adjoint;
        tx[i] = !t || wg_absent(c->in[i]) || wg_bit(c->op->flat, i) ? WG_NONE : t;
        any = any || !wg_absent(tx[i]);
    }
    wg_status status = WG_OK;
    if (any && has_float_result(c)) {
        th->mode.cause = node;
        status = wg_check_saved(node);
        if (status == WG_OK)
            status = tangents_of(th, node, tx, ty);
        if (status != WG_OK)
            wg_op_failed(th, c->op, status, "jvp");
        else
            status = set_tangents(c, ty);
    }
    if (tx != local)
        wg_object_free(tx);
    return status;
}

/* ---- all nodes ---- */

wg_status wg_push(struct wg_thread *th, const wg_tape *tape, uint64_t after, const struct wg_node *last)
{
    const bool no_donation = th->mode.no_donation;
    const struct wg_node *cause = th->mode.cause;
    wg_status status = WG_OK;
    th->mode.no_donation = true; /* a tangent may have several readers */
    for (struct wg_node *node = last && last->seq > after ? wg_first_above(tape, after) : NULL; node; node = node->next) {
        if (node->needs)
            status = visit(th, node);
        if (node == last || status != WG_OK)
            break;
    }
    th->mode.no_donation = no_donation;
    th->mode.cause = cause;
    return status;
}

void wg_push_clear(const wg_tape *tape, uint64_t after)
{
    for (struct wg_node *node = tape->last; node && node->seq > after; node = node->prev)
        for (unsigned i = 0; i < node->call.n_out; i++)
            node->call.out[i]->adjoint = NULL;
}
