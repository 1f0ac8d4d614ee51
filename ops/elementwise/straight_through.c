/* The straight-through estimator (Bengio, Léonard, Courville, 2013): a view of value whose gradient goes to the other input,
   through. */
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *value = c->in[0];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (!wg_same_dims(value, c->in[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected value and through of one shape");
    return wg_view_whole(c, out);
}

wg_tensor *wg_straight_through(wg_tensor *value, wg_tensor *through)
{
    return wg_invoke2(&wg_op_straight_through, NULL, value, through);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[1], gy[0]);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_NONE, tx[1], ty);
}

const struct wg_op wg_op_straight_through = {
    .name = WG_REGISTERED("straight_through"),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .vjp = vjp,
    .jvp = jvp,
    .flat = WG_IN(0),
    .flags = WG_OP_VIEW | WG_OP_SURROGATE,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2}, {"one", {{.rank = 0}, {.rank = 0}}, .n = 2}),
};
