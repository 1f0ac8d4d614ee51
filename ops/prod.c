/* The product over axes: along each the two halves are multiplied with each other until a slice is left. No product is divided again,
   so derivatives of any order are right where some elements are 0; and each takes part in log₂ n products only. */
#include "op.h"

/* Of an odd number of slices the last one is left over, and multiplied in at the end. */
static wg_tensor *along(wg_tensor *x, int axis)
{
    wg_tensor *over = WG_NONE;
    for (int64_t n = wg_extents(x)[axis]; n > 1 && x && over; n /= 2) {
        wg_tensor *first = wg_slice(x, axis, 0, n / 2, 1), *second = wg_slice(x, axis, n / 2, n / 2 * 2, 1);
        if (n % 2 != 0) {
            wg_tensor *last = wg_slice(x, axis, n - 1, n, 1);
            over = wg_absent(over) ? last : wg_mul(over, last);
        }
        x = wg_mul(first, second);
    }
    return over && wg_absent(over) ? x : wg_mul(x, over);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_reduce_params *params = c->params;
    wg_tensor *x = c->in[0];
    wg_spec result;
    WG_TRY(wg_reduce_shape(c, &result));
    if (x->numel == 0) /* the sum, which is 0 over nothing, keeps the dependence on x */
        return wg_made(out[0] = wg_add_scalar(wg_invoke1(&wg_op_sum, params, x), 1));
    for (int axis = 0; axis < c->in[0]->rank && x; axis++)
        if (params->axes >> axis & 1)
            x = along(x, axis);
    wg_shape shape = {.rank = result.rank};
    memcpy(shape.extent, result.extent, sizeof shape.extent);
    return wg_made(out[0] = wg_reshape(x, shape));
}

#define OVER(...)                                      \
    .n = 1, .params = &(const struct wg_reduce_params) \
    {                                                  \
        __VA_ARGS__                                    \
    }

const struct wg_op wg_op_prod = {
    .name = "prod",
    .params_size = sizeof(struct wg_reduce_params),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 4)}, OVER(.axes = 2), .low = {0.5}, .high = {1.5}}, {"all", {WG_DIMS(3, 3)}, OVER(.axes = 3)},
               {"columns", {WG_DIMS(7, 2)}, OVER(.axes = 1, .keepdims = true)}, {"outer", {WG_DIMS(2, 3, 5)}, OVER(.axes = 5)}),
};
