/* The elements along an axis in sorted order, and their original indices. The gradient is scattered back to these indices. */
#ifdef REAL
#define NAME sort
#include "ops/reduce/sort_common_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/sort.c"
#include "ops/op.h"

wg_tensor *wg_sort_with(wg_tensor *x, wg_sort_options options)
{
    const struct wg_order_params p = {.axis = options.axis, .reverse = options.descending};
    return wg_order(&wg_op_sort, x, p, options.indices);
}

#define ALONG(...)                                                   \
    .n = 1, .distinct = 1, .params = &(const struct wg_order_params) \
    {                                                                \
        __VA_ARGS__                                                  \
    }

const struct wg_op wg_op_sort = {
    .name = WG_REGISTERED("sort"),
    .params_size = sizeof(struct wg_order_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_order_params, axis), WG_PARAM_UNLESS(0, BOOL, struct wg_order_params, reverse)),
    .n_in = 1,
    .n_out = 2,
    .shape = wg_order_shape,
    .kernels = KERNELS(sort),
    .vjp = wg_order_vjp,
    .jvp = wg_order_jvp,
    .cost = wg_cost_bytes,
    .saves = WG_OUT(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5)}, ALONG(.axis = 1)}, {"columns", {WG_DIMS(5, 2)}, ALONG(.axis = 0, .reverse = true)},
               {"middle", {WG_DIMS(2, 3, 2)}, ALONG(.axis = 1)},
               {"long", {WG_DIMS(2, 60)}, ALONG(.axis = 1), .low = {-4}, .high = {4}}),
};
#endif
