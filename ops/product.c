/* What matrix products share beside the kernel, which is in gemm.h. */
#include "op.h"

wg_tensor *wg_transposed(wg_tensor *x)
{
    int order[WG_MAX_RANK] = {0};
    if (!wg_has_value(x))
        return wg_permute(x, order); /* which says what is wrong with x */
    for (int axis = 0; axis < x->rank; axis++)
        order[axis] = axis;
    order[x->rank - 2] = x->rank - 1;
    order[x->rank - 1] = x->rank - 2;
    return wg_permute(x, order);
}

wg_status wg_give_product(wg_grad_slot *slot, wg_tensor *a, wg_tensor *b)
{
    const bool fits = slot->into && a && b && slot->into->rank == 2 && a->rank == 2 && b->rank == 2;
    if (!fits)
        return wg_give(slot, wg_matmul(a, b));
    slot->accumulated = true;
    return wg_give(slot, wg_addmm(wg_take(slot->into), a, b));
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

wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = (double)c->out[0]->numel * (double)wg_extents(left)[left->rank - 1];
    return cost;
}
