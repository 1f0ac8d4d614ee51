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

wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = (double)c->out[0]->numel * (double)wg_extents(left)[left->rank - 1];
    return cost;
}
