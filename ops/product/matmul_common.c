/* What matrix products share besides the kernel, which is in gemm.h. */
#include "ops/op.h"

wg_tensor *wg_transposed(wg_tensor *x)
{
    wg_axes order = {.count = 0};
    if (!wg_has_value(x))
        return wg_permute(x, order); /* the error message is wg_permute's */
    order.count = x->rank;
    for (int axis = 0; axis < x->rank; axis++)
        order.axis[axis] = (int8_t)axis;
    order.axis[x->rank - 2] = (int8_t)(x->rank - 1);
    order.axis[x->rank - 1] = (int8_t)(x->rank - 2);
    return wg_permute(x, order);
}

/* Is t a matrix stored column by column and not row by row? */
static bool by_columns(const wg_tensor *t)
{
    return t->rank == 2 && wg_strides(t)[0] == 1 && wg_strides(t)[1] != 1 && (t->flags & WG_T_DENSE);
}

wg_status wg_give_product(wg_grad_slot *slot, wg_tensor *a, wg_tensor *b, const wg_tensor *like)
{
    const bool matrices = a && b && a->rank == 2 && b->rank == 2;
    if (matrices && slot->into && slot->into->rank == 2) {
        slot->accumulated = true;
        return wg_give(slot, wg_addmm(wg_donate(slot->into), a, b));
    }
    if (matrices && by_columns(like))
        return wg_give(slot, wg_transposed(wg_matmul(wg_transposed(b), wg_transposed(a))));
    return wg_give(slot, wg_matmul(a, b));
}

wg_tensor *wg_add_product(wg_tensor *sum, wg_tensor *a, wg_tensor *b)
{
    if (!sum || wg_absent(sum))
        return sum ? wg_matmul(a, b) : NULL;
    return wg_addmm(wg_take_own(sum), a, b);
}

wg_status wg_broadcast_batches(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0], *b = c->in[1];
    out->rank = a->rank > b->rank ? a->rank : b->rank;
    for (int axis = 0; axis < out->rank - 2; axis++) {
        const int at_a = axis - (out->rank - a->rank), at_b = axis - (out->rank - b->rank);
        const int64_t of_a = at_a < 0 ? 1 : wg_extents(a)[at_a], of_b = at_b < 0 ? 1 : wg_extents(b)[at_b];
        if (of_a != of_b && of_a != 1 && of_b != 1)
            return wg_call_error(c, WG_E_SHAPE, "leading axes do not broadcast");
        out->extent[axis] = of_a == 1 ? of_b : of_a;
    }
    return WG_OK;
}

void wg_batch_offsets(const wg_tensor *whole, const wg_tensor *const *t, int n, int64_t batch, int64_t *offset)
{
    for (int k = 0; k < n; k++)
        offset[k] = 0;
    for (int axis = whole->rank - 3; axis >= 0; axis--) {
        const int64_t i = batch % wg_extents(whole)[axis];
        batch /= wg_extents(whole)[axis];
        for (int k = 0; k < n; k++) {
            const int at = axis - (whole->rank - t[k]->rank);
            if (at >= 0 && wg_extents(t[k])[at] != 1)
                offset[k] += i * wg_strides(t[k])[at];
        }
    }
}

wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = (double)c->out[0]->numel * (double)wg_extents(left)[left->rank - 1];
    return cost;
}

/* ---- layers: x wᵀ + b, with in[0] = x, in[1] = w, in[2] = b ---- */

wg_status wg_layer_shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (x->rank == 0 || w->rank != 2)
        return wg_call_error(c, WG_E_SHAPE, "expected x (…,in) and w (out,in)");
    if (wg_extents(x)[x->rank - 1] != wg_extents(w)[1])
        return wg_call_error(c, WG_E_SHAPE, "inner extents differ");
    if (!wg_absent(b) && (b->rank != 1 || b->numel != wg_extents(w)[0]))
        return wg_call_error(c, WG_E_SHAPE, "expected a bias with one element per row of w");
    if (x->rank != 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a matrix; the builder makes one of leading axes");
    out->rank = 2;
    out->extent[0] = wg_extents(x)[0];
    out->extent[1] = wg_extents(w)[0];
    return WG_OK;
}

wg_tensor *wg_layer(const struct wg_op *op, wg_tensor *x, wg_tensor *w, wg_tensor *b)
{
    if (!wg_has_value(x) || !wg_has_value(w) || x->rank == 0 || x->rank == 2 || w->rank != 2 ||
        wg_extents(x)[x->rank - 1] != wg_extents(w)[1])
        return wg_invoke3(op, NULL, x, w, b);
    wg_shape shape_of_y = wg_shape_of(x);
    const int last = x->rank - 1;
    int64_t rows = 1;
    for (int axis = 0; axis < last; axis++)
        rows *= shape_of_y.extent[axis];
    wg_tensor *matrix = wg_reshape(x, WG_SHAPE(rows, shape_of_y.extent[last]));
    wg_tensor *product = wg_invoke3(op, NULL, matrix, w, b);
    shape_of_y.extent[last] = wg_extents(w)[0];
    wg_tensor *y = wg_reshape(product, shape_of_y);
    wg_free_intermediate(matrix);
    wg_free_intermediate(product);
    return y;
}

wg_status wg_layer_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx)
{
    wg_tensor *x = c->in[0], *w = c->in[1];
    if (gx[0].need)
        WG_TRY(wg_give_product(&gx[0], g, w, x));
    return gx[1].need ? wg_give_product(&gx[1], wg_transposed(g), x, w) : WG_OK;
}

wg_tensor *wg_layer_jvp(const wg_call *c, wg_tensor *const *tx)
{
    wg_tensor *x = c->in[0], *w = c->in[1], *tw = tx[1], *tb = tx[2];
    if (!wg_absent(tw)) {
        wg_tensor *sum = wg_linear(x, tw, tb);
        return wg_absent(tx[0]) ? sum : wg_add_product(sum, tx[0], wg_transposed(w));
    }
    return wg_absent(tx[0]) ? wg_copy(wg_broadcast_to(tb, wg_shape_of(c->out[0]))) : wg_linear(tx[0], w, tb);
}
