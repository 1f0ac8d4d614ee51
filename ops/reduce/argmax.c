/* The index of the first maximum over an axis, or over all elements in row-major order. */
#ifdef REAL
#define NAME argmax
#define RELATION >=
#define BEYOND >
#include "ops/reduce/argminmax_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/argmax.c"
#include "ops/op.h"

#define OVER(...)                                                     \
    .n = 1, .distinct = 1, .params = &(const struct wg_reduce_params) \
    {                                                                 \
        __VA_ARGS__                                                   \
    }

const struct wg_op wg_op_argmax = {
    .name = WG_REGISTERED("argmax"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_argminmax_shape,
    .kernels = KERNELS(argmax),
    .cost = wg_argminmax_cost,
    .flags = WG_OP_NO_DERIVATIVE,
    .reason = "its results are places",
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, OVER(.axes = 3)}, {"rows", {WG_DIMS(3, 4)}, OVER(.axes = 2)},
               {"columns", {WG_DIMS(3, 4)}, OVER(.axes = 1, .keepdims = true)}, {"middle", {WG_DIMS(2, 3, 4)}, OVER(.axes = 2)},
               {"outer", {WG_DIMS(2, 3, 4)}, OVER(.axes = 5)},
               {"blocks", {WG_DIMS(300)}, OVER(.axes = 1), .low = {-20}, .high = {20}}),
};
#endif
