/* Weight norm (Salimans, Kingma, 2016): w = g v/|v|. */
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wrapper.h"

enum { G, V }; /* parameters, the first of the wrapper's */

static wg_tensor *norm_of(wg_tensor *v, int64_t axis)
{
    return axis == WG_ALL ? wg_norm2(v) : nn_norm_along(v, (int)axis);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_weight_norm_options *o = call->options;
    wg_tensor *g = call->param[G], *v = call->param[V];
    wg_tensor *scale = wg_mul(g, nn_reciprocal_or_zero(norm_of(v, o->axis)));
    (void)x; /* call->in has it */
    return nn_wrapper_apply(call, wg_mul(v, scale));
}

static const wg_option options[] = {
    WG_OPTION_INT_OF(wg_nn_weight_norm_options, axis, 0, "each of its indices has a norm", WG_BETWEEN(0, WG_ALL)),
};
static const wg_option_table table = {options, sizeof options / sizeof *options, sizeof(wg_nn_weight_norm_options)};
static const struct wg_nn_kind kind = {.name = "weight_norm",
                                       .forward = forward,
                                       .n_in = WG_NN_ANY,
                                       .n_out = WG_NN_ANY,
                                       .options = &table,
                                       .destroy = nn_wrapper_destroy,
                                       .copy = nn_wrapper_copy};

wg_nn_module *wg_nn_weight_norm_with(wg_nn_module *module, wg_nn_weight_norm_options o)
{
    struct nn_wrapper w = {.op = "nn_weight_norm", .module = module, .parameter = o.parameter};
    WG_NO_GRAD;
    wg_status status = nn_wrapper_find(&w, &o.axis);
    o.parameter = NULL; /* the copy that the module keeps may live longer */
    status = nn_wrapper_make(&w, &kind, &o, status);
    status = nn_wrapper_add_parameter(&w, "g", status == WG_OK ? norm_of(w.tensor, o.axis) : NULL, status);
    status = nn_wrapper_add_parameter(&w, "v", w.tensor, status);
    return nn_wrapper_end(&w, status);
}
