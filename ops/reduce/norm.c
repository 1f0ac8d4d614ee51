/* (Σ |x|ᵖ)^{1/p} over axes for p = 1, 2 and infinity. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_reduce_params *params = c->params;
    char text[80];
    if (params->p == 1)
        return wg_made(out[0] = wg_invoke1(&wg_op_sum_abs, params, c->in[0]));
    if (params->p == 2)
        return wg_made(out[0] = wg_invoke1(&wg_op_norm2, params, c->in[0]));
    if (params->p == (double)INFINITY)
        return wg_made(out[0] = wg_invoke1(&wg_op_max, params, wg_abs(c->in[0])));
    snprintf(text, sizeof text, "expected p of 1, 2 or INFINITY, got %g", params->p);
    return wg_call_error(c, WG_E_ARGUMENT, text);
}

wg_tensor *wg_norm_with(wg_tensor *x, wg_norm_options options)
{
    return wg_reduce(&wg_op_norm, x, (wg_reduce_options){.axis = options.axis, .axes = options.axes, .keepdims = options.keepdims},
                     (struct wg_reduce_params){.p = options.p});
}

#define OVER(...)                                      \
    .n = 1, .params = &(const struct wg_reduce_params) \
    {                                                  \
        __VA_ARGS__                                    \
    }

const struct wg_op wg_op_norm = {
    .name = WG_REGISTERED("norm"),
    .params_size = sizeof(struct wg_reduce_params),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .compose = compose,
    WG_SAMPLES(
        {"2", {WG_DIMS(3, 4)}, OVER(.axes = 2, .p = 2), .low = {0.1}, .high = {1}},
        {"1", {WG_DIMS(3, 4)}, OVER(.axes = 3, .p = 1), .low = {-1}, .high = {-0.1}},
        {"infinity", {WG_DIMS(3, 4)}, OVER(.axes = 1, .keepdims = true, .p = INFINITY), .low = {0.1}, .high = {1}, .distinct = 1}),
};
