/* The gradient of max and min: gy at the first element of x that equals its extremum y, 0 elsewhere. Linear in gy, piecewise
   constant in x and y. */
#ifdef REAL
#include "ops/reduce/extremum_tmpl.h"

static wg_status T(extremum_grad)(const wg_call *c)
{
    memset(c->out[0]->data, 0, (size_t)c->out[0]->numel * sizeof(ELEM));
    return T(route)(c, c->out[0], c->in[2], 1);
}
#else
#define KERNEL_FILE "ops/reduce/extremum_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_route_shape(c, c->in[1], c->in[0], out);
}

wg_tensor *wg_extremum_grad(wg_tensor *x, wg_tensor *y, wg_tensor *gy)
{
    return wg_invoke3(&wg_op_extremum_grad, NULL, x, y, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[2], wg_extremum_pick(c->in[0], c->in[1], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_NONE, WG_PART(tx[2], wg_extremum_grad(c->in[0], c->in[1], tx[2])), ty);
}

const struct wg_op wg_op_extremum_grad = {
    .name = WG_REGISTERED("extremum_grad"),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(extremum_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_route_cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flat = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 4), WG_DIMS(3, 1), WG_DIMS(3, 1)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}},
               {"columns", {WG_DIMS(3, 4), WG_DIMS(1, 4), WG_DIMS(1, 4)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}},
               {"outer", {WG_DIMS(2, 3, 4), WG_DIMS(1, 3, 1), WG_DIMS(1, 3, 1)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}}),
};
#endif
