/* The transpose of extremum_grad: the elements of v at the positions of the first elements of x that equal their extrema y. Linear
   in v, piecewise constant in x and y. */
#ifdef REAL
#include "ops/reduce/extremum_tmpl.h"

static wg_status T(extremum_pick)(const wg_call *c)
{
    return T(route)(c, c->in[2], c->out[0], 0);
}
#else
#define KERNEL_FILE "ops/reduce/extremum_pick.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_route_shape(c, c->in[0], c->in[1], out);
}

wg_tensor *wg_extremum_pick(wg_tensor *x, wg_tensor *y, wg_tensor *v)
{
    return wg_invoke3(&wg_op_extremum_pick, NULL, x, y, v);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[2], wg_extremum_grad(c->in[0], c->in[1], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_NONE, WG_PART(tx[2], wg_extremum_pick(c->in[0], c->in[1], tx[2])), ty);
}

/* Of v only the picked elements are read: one per index of the kept axes. */
static wg_cost cost(const wg_call *c)
{
    const wg_tensor *y = c->in[1], *v = c->in[2];
    wg_cost cost = wg_route_cost(c);
    double all = 1, picked = 1;
    for (int axis = 0; axis < v->rank; axis++) {
        const double distinct = wg_strides(v)[axis] != 0 ? (double)wg_extents(v)[axis] : 1;
        all *= distinct;
        picked *= wg_extents(y)[axis] != 1 ? distinct : 1;
    }
    cost.bytes_read -= (all - picked) * (double)wg_dtype_size((wg_dtype)v->dtype);
    return cost;
}

const struct wg_op wg_op_extremum_pick = {
    .name = WG_REGISTERED("extremum_pick"),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(extremum_pick),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flat = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 4), WG_DIMS(3, 1), WG_DIMS(3, 4)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}},
               {"columns", {WG_DIMS(3, 4), WG_DIMS(1, 4), WG_DIMS(3, 4)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}},
               {"outer", {WG_DIMS(2, 3, 4), WG_DIMS(1, 3, 1), WG_DIMS(2, 3, 4)}, .n = 3, .low = {-1, 2, -1}, .high = {1, 3, 1}}),
};
#endif
