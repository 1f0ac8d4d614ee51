/* The inverse a⁻¹: the solution of a x = 1. */
#include "ops/linalg/lapack.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    int64_t n;
    WG_TRY(wg_square_shape(c, WG_LAPACK_MOST, &n));
    return wg_made(out[0] = wg_solve(c->in[0], wg_identity((wg_dtype)c->in[0]->dtype, n)));
}

wg_tensor *wg_inverse(wg_tensor *a)
{
    return wg_invoke1(&wg_op_inverse, NULL, a);
}

const struct wg_op wg_op_inverse = {
    .name = WG_REGISTERED("inverse"),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"4x4", {WG_DIMS(4, 4)}, .n = 1, .dominant = WG_IN(0)}, {"batch", {WG_DIMS(2, 3, 3)}, .n = 1, .dominant = WG_IN(0)}),
};
