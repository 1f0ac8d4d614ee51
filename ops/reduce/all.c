/* Logical and over axes of a mask: 1 if no element is 0, also over nothing; else 0. */
#ifdef REAL
#define NAME all
#define SETTLED 0
#include "ops/reduce/any_all_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/all.c"
#include "ops/op.h"

#define OVER(to, ...)                                                                              \
    .n = 1, .dtype = {WG_U8}, .low = {0}, .high = {to}, .params = &(const struct wg_reduce_params) \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

const struct wg_op wg_op_all = {
    .name = WG_REGISTERED("all"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_any_all_shape,
    .kernels = KERNELS(all),
    .cost = wg_cost_bytes,
    .flags = WG_OP_NO_DERIVATIVE,
    .reason = "a mask does not change smoothly",
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, OVER(2, .axes = 3)}, {"rows", {WG_DIMS(6, 2)}, OVER(2, .axes = 2)},
               {"columns", {WG_DIMS(2, 6)}, OVER(3, .axes = 1, .keepdims = true)},
               {"middle", {WG_DIMS(3, 2, 4)}, OVER(2, .axes = 2)}),
};
#endif
