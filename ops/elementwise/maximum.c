/* y = max(a, b), broadcasting; the gradient goes to the operand that was selected. A tie selects a; NaN propagates. */
#ifdef REAL
#include "ops/route.h"
MAP2(maximum, wg_no_params, WG_TAKES_FIRST(a, b, >=) ? a : b)
#else
#define KERNEL_FILE "ops/elementwise/maximum.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_maximum_grad(c->in[0], c->in[1], gy[0], 0)));
    return WG_GIVE(gx[1], wg_maximum_grad(c->in[0], c->in[1], wg_donate(gy[0]), 1));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], wg_maximum_grad(c->in[0], c->in[1], tx[0], 0)),
                      WG_PART(tx[1], wg_maximum_grad(c->in[0], c->in[1], tx[1], 1)), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 2, 0);
}

const struct wg_op wg_op_maximum = {
    .name = WG_REGISTERED("maximum"),
    .n_in = 2,
    .n_out = 1,
    .kernels = MAP_KERNELS(maximum),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_ROUTES,
    WG_SAMPLES({"a above", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {1, -1}, .high = {2, 0.5}},
               {"a below", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-1, 1}, .high = {0.5, 2}},
               {"mixed", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {-100, -1}, .high = {100, 1}}),
};
#endif
