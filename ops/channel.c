/* What batch_norm and its gradient share beside their loops, which are in channel.h. */
#include "op.h"

wg_status wg_channels_shape(const wg_call *c, unsigned per_channel, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "the first operand has axes (N,C,…)");
    for (unsigned i = 1; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (per_channel >> i & 1 ? t->rank != 1 || t->numel != wg_extents(x)[1] : !wg_same_dims(t, x))
            return wg_call_error(c, WG_E_SHAPE, "the others have the first one's shape (N,C,…) or one element a channel, (C)");
    }
    for (unsigned i = 0; i < c->n_out; i++)
        out[i].dtype = dtype;
    out[0].rank = x->rank;
    memcpy(out[0].extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    out[1].rank = out[2].rank = 1;
    out[1].extent[0] = out[2].extent[0] = wg_extents(x)[1];
    return WG_OK;
}

wg_tensor *wg_over_channels(wg_tensor *t, const wg_tensor *x)
{
    wg_shape shape = {.rank = x->rank};
    for (int axis = 0; axis < x->rank; axis++)
        shape.extent[axis] = axis == 1 ? wg_extents(x)[1] : 1;
    return wg_reshape(t, shape);
}

wg_tensor *wg_plus(wg_tensor *a, wg_tensor *b)
{
    if (!a || !b)
        return NULL;
    return wg_absent(a) ? b : wg_absent(b) ? a : wg_add(a, b);
}
