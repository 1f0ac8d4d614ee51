/* y = |x|, element by element; dy/dx = sign x, 0 at 0. */
#ifdef REAL
MAP1(abs, wg_no_params, R(fabs)(x))
#else
#define KERNEL_FILE "abs.c"
#include "op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(wg_take(gy[0]), wg_sign(c->in[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_mul(tx[0], wg_sign(c->in[0])));
}

const struct wg_op wg_op_abs = {
    .name = "abs",
    .n_in = 1,
    .n_out = 1,
    .kernel = KERNELS(abs),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}},
               {"below", {WG_DIMS(3, 4)}, .n = 1, .low = {-1}, .high = {-0.1}},
               {"mixed", {WG_DIMS(3, 4)}, .n = 1, .low = {-100}, .high = {100}}),
};
#endif
