/* The k largest or k smallest elements along an axis in sorted order, and their original indices: the first k of sort. */
#ifdef REAL
#define NAME topk
#include "ops/reduce/sort_common_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/topk.c"
#include "ops/op.h"

wg_tensor *wg_topk_with(wg_tensor *x, int64_t k, wg_topk_options options)
{
    const struct wg_order_params p = {.axis = options.axis, .reverse = options.largest, .cut = true, .k = k};
    return wg_order(&wg_op_topk, x, p, options.indices);
}

#define ALONG(...)                                                   \
    .n = 1, .distinct = 1, .params = &(const struct wg_order_params) \
    {                                                                \
        __VA_ARGS__                                                  \
    }

const struct wg_op wg_op_topk = {
    .name = WG_REGISTERED("topk"),
    .params_size = sizeof(struct wg_order_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_order_params, axis), WG_PARAM_UNLESS(0, BOOL, struct wg_order_params, reverse),
              WG_PARAM(INT64, struct wg_order_params, k)),
    .n_in = 1,
    .n_out = 2,
    .shape = wg_order_shape,
    .kernels = KERNELS(topk),
    .vjp = wg_order_vjp,
    .jvp = wg_order_jvp,
    .cost = wg_cost_bytes,
    .saves = WG_OUT(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5)}, ALONG(.axis = 1, .reverse = true, .cut = true, .k = 2)},
               {"columns", {WG_DIMS(5, 2)}, ALONG(.axis = 0, .cut = true, .k = 3)},
               {"middle", {WG_DIMS(2, 4, 2)}, ALONG(.axis = 1, .reverse = true, .cut = true, .k = 4)},
               {"long", {WG_DIMS(700)}, ALONG(.axis = 0, .reverse = true, .cut = true, .k = 3), .low = {-30}, .high = {30}}),
};
#endif
