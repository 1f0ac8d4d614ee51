/* Shape rules and costs of ops whose result is a mask, or that read one. */
#include "ops/op.h"

wg_status wg_comparison_shape(const wg_call *c, wg_spec *out)
{
    if (c->n_in == 1)
        WG_TRY(wg_same_float(c, &out->dtype));
    else if (c->in[1]->dtype != c->in[0]->dtype)
        return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is promoted");
    out->dtype = WG_U8;
    return wg_broadcast_shapes(c, out);
}

wg_cost wg_comparison_cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, c->in[0]->dtype <= WG_F64 ? 1 : 0, 0);
}

wg_status wg_logical_shape(const wg_call *c, wg_spec *out)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (c->in[i]->dtype != WG_U8)
            return wg_call_error(c, WG_E_DTYPE, "expected u8 masks");
    out->dtype = WG_U8;
    return wg_broadcast_shapes(c, out);
}

wg_status wg_masked_shape(const wg_call *c, unsigned mask, wg_spec *out)
{
    if (c->in[mask]->dtype != WG_U8)
        return wg_call_error(c, WG_E_DTYPE, "expected a u8 mask");
    const wg_call numbers = {.op = c->op, .in = mask == 0 ? c->in + 1 : c->in, .n_in = (uint16_t)(c->n_in - 1)};
    WG_TRY(wg_same_float(&numbers, &out->dtype));
    return wg_broadcast_shapes(c, out);
}
