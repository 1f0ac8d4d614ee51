/* y = the integer nearest to x, of two the even one; piecewise constant: the derivative is 0. */
#ifdef REAL
MAP1(round, wg_no_params, R(rint)(x))
#else
#define KERNEL_FILE "ops/elementwise/round.c"
#include "ops/op.h"

const struct wg_op wg_op_round = {
    .name = WG_REGISTERED("round"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(round),
    .vjp = wg_vjp_flat,
    .jvp = wg_jvp_flat,
    .cost = wg_cost_bytes,
    .flat = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above 0", {WG_DIMS(3, 4)}, .n = 1, .low = {1.6}, .high = {2.4}},
               {"below 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-2.4}, .high = {-1.6}}),
};
#endif
