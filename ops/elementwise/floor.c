/* y = ⌊x⌋, the largest integer not above x; piecewise constant: the derivative is 0. */
#ifdef REAL
MAP1(floor, wg_no_params, R(floor)(x))
#else
#define KERNEL_FILE "ops/elementwise/floor.c"
#include "ops/op.h"

const struct wg_op wg_op_floor = {
    .name = WG_REGISTERED("floor"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(floor),
    .vjp = wg_vjp_flat,
    .jvp = wg_jvp_flat,
    .cost = wg_cost_bytes,
    .flat = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"above 0", {WG_DIMS(3, 4)}, .n = 1, .low = {2.1}, .high = {2.9}},
               {"below 0", {WG_DIMS(3, 4)}, .n = 1, .low = {-2.9}, .high = {-2.1}}),
};
#endif
