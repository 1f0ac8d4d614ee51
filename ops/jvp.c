/* Shared by vector-Jacobian and Jacobian-vector products. */
#include "ops/op.h"

wg_status wg_jvp_linear(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_invoke1(c->op, c->params, tx[0]));
}

wg_status wg_jvp_sum(const wg_call *c, wg_tensor *a, wg_tensor *b, wg_tensor **ty)
{
    if (!a || !b)
        return WG_E_NULL;
    wg_tensor *sum = wg_absent(a) ? b : wg_absent(b) ? a : wg_add(a, b);
    if (sum && !wg_absent(sum) && !wg_same_dims(sum, c->out[0]))
        sum = wg_broadcast_to(sum, wg_shape_of(c->out[0]));
    return wg_made(ty[0] = sum);
}

wg_status wg_vjp_routed(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[1], wg_invoke2(c->op, c->params, c->in[0], wg_donate(gy[0])));
}

wg_status wg_jvp_routed(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_NONE, WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])), ty);
}

wg_status wg_vjp_flat(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    (void)gy;
    (void)gx;
    return WG_OK;
}

wg_status wg_jvp_flat(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    (void)tx;
    for (unsigned i = 0; i < c->n_out; i++)
        ty[i] = WG_NONE;
    return WG_OK;
}
