/* Root mean square normalisation (Zhang, Sennrich, 2019): y = γ x/√(mean x² + ε) over the last axis. The root is a norm of x/√D and √ε together,
   because norm2 neither overflows nor underflows where x² does. */
#include "ops/op.h"

static wg_status check(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *weight = c->in[1];
    const double *eps = c->params;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank < 1)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand (…,D)");
    if (!wg_absent(weight) && (weight->rank != 1 || weight->numel != wg_extents(x)[x->rank - 1]))
        return wg_call_error(c, WG_E_SHAPE, "expected a weight with one element for each of the last axis, (D)");
    return wg_check_number(c->op->name, "eps", *eps, WG_NOT_NEGATIVE);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const double *eps = c->params;
    WG_TRY(check(c));
    wg_tensor *x = c->in[0];
    wg_shape column = wg_shape_of(x);
    const double scale = 1 / sqrt((double)column.extent[column.rank - 1]);
    column.extent[column.rank - 1] = 1;
    wg_tensor *parts[2] = {wg_mul_scalar(x, scale), wg_full((wg_dtype)x->dtype, column, sqrt(*eps))};
    wg_tensor *root = wg_norm2(wg_concat(parts, 2, -1), .axis = -1, .keepdims = true);
    wg_tensor *y = wg_div(x, root);
    return wg_made(out[0] = wg_absent(c->in[1]) ? y : wg_mul(y, c->in[1]));
}

wg_tensor *wg_rms_norm_with(wg_tensor *x, wg_rms_norm_options options)
{
    return wg_invoke2(&wg_op_rms_norm, &options.eps, x, options.weight);
}

const struct wg_op wg_op_rms_norm = {
    .name = WG_REGISTERED("rms_norm"),
    .params_size = sizeof(double),
    .n_in = 2,
    .n_out = 1,
    .optional = WG_IN(1),
    .compose = compose,
    WG_SAMPLES({"scaled", {WG_DIMS(3, 4), WG_DIMS(4)}, .n = 2, .params = &(const double){0.2}},
               {"plain", {WG_DIMS(2, 3, 4)}, .n = 2, .none = WG_IN(1), .params = &(const double){0.1}}),
};
