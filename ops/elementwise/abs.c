/* y = |x|, element by element; dy/dx = sign x, which is 0 at 0. */
#ifdef REAL
MAP1(abs, wg_no_params, R(fabs)(x))
#else
#define KERNEL_FILE "ops/elementwise/abs.c"
#include "ops/op.h"

WG_DIAGONAL(wg_mul(wg_donate(g), wg_sign(c->in[0])))

const struct wg_op wg_op_abs = {
    .name = WG_REGISTERED("abs"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(abs),
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
