/* What Jacobian-vector products share. */
#include "op.h"

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
