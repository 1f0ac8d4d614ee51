/* The maximum over axes; the gradient goes to the first of equal maxima. NaN propagates. */
#ifdef REAL
#include "ops/route.h"
#define NAME max
#define COMBINE(a, b) WG_EXTREMUM(a, b, >)
#define FINISH(a, n) (a)
#define EMPTY \
    ((REAL)NAN) /* of no elements; never stored, because the shape rule refuses such a reduction unless it has no results */
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/max.c"
#include "ops/op.h"

#define OVER(...)                                                     \
    .n = 1, .distinct = 1, .params = &(const struct wg_reduce_params) \
    {                                                                 \
        __VA_ARGS__                                                   \
    }

const struct wg_op wg_op_max = {
    .name = WG_REGISTERED("max"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_extremum_shape,
    .kernels = KERNELS(max),
    .vjp = wg_extremum_vjp,
    .jvp = wg_extremum_jvp,
    .cost = wg_extremum_cost,
    .saves = WG_IN(0) | WG_OUT(0),
    .flags = WG_OP_ROUTES,
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, OVER(.axes = 3)}, {"rows", {WG_DIMS(3, 4)}, OVER(.axes = 2)},
               {"columns", {WG_DIMS(3, 4)}, OVER(.axes = 1, .keepdims = true)}, {"middle", {WG_DIMS(2, 3, 4)}, OVER(.axes = 2)},
               {"outer", {WG_DIMS(2, 3, 4)}, OVER(.axes = 5)},
               {"blocks", {WG_DIMS(300)}, OVER(.axes = 1), .low = {-20}, .high = {20}}),
};
#endif
