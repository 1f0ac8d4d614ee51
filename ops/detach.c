/* The value of x without its history: a view through which no gradient flows. */
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_view_of(c, out));
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    memcpy(out->stride, wg_strides(x), (size_t)x->rank * sizeof *out->stride);
    return WG_OK;
}

const struct wg_op wg_op_detach = {
    .name = "detach",
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .flags = WG_VIEW | WG_CUT,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1}),
};
