/* Group normalisation (Wu, He, 2018): layer_norm over the channels of a group and all positions, then y = γ x̂ + β per channel. */
#include "ops/op.h"

struct params {
    int64_t groups;
    double eps;
};

static wg_status check(const wg_call *c)
{
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand (N,C,…)");
    if (p->groups < 1)
        return wg_call_error(c, WG_E_ARGUMENT, "expected groups of at least 1");
    if (wg_extents(x)[1] % p->groups != 0)
        return wg_call_error(c, WG_E_SHAPE, "expected groups that divide the channels");
    for (int i = 1; i < 3; i++)
        if (!wg_absent(c->in[i]) && (c->in[i]->rank != 1 || c->in[i]->numel != wg_extents(x)[1]))
            return wg_call_error(c, WG_E_SHAPE, "expected weight and bias with one element per channel, (C)");
    return WG_OK;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    WG_TRY(check(c));
    int64_t size = wg_extents(x)[1] / p->groups;
    for (int axis = 2; axis < x->rank; axis++)
        size *= wg_extents(x)[axis];
    wg_tensor *rows = wg_reshape(x, WG_SHAPE(wg_extents(x)[0], p->groups, size));
    wg_tensor *y = wg_reshape(wg_layer_norm(rows, .eps = p->eps), wg_shape_of(x));
    if (!wg_absent(c->in[1]))
        y = wg_mul(y, wg_over_channels(c->in[1], x));
    if (!wg_absent(c->in[2]))
        y = wg_add(y, wg_over_channels(c->in[2], x));
    return wg_made(out[0] = y);
}

wg_tensor *wg_group_norm_with(wg_tensor *x, int64_t groups, wg_group_norm_options options)
{
    const struct params p = {groups, options.eps};
    return wg_invoke3(&wg_op_group_norm, &p, x, options.weight, options.bias);
}

#define PARAMS(groups)               \
    .params = &(const struct params) \
    {                                \
        groups, 1e-2                 \
    }
const struct wg_op wg_op_group_norm = {
    .name = WG_REGISTERED("group_norm"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(1) | WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"images", {WG_DIMS(2, 4, 2, 3), WG_DIMS(4), WG_DIMS(4)}, .n = 3, PARAMS(2)},
               {"rows", {WG_DIMS(3, 6), WG_DIMS(6), {0}}, .n = 3, .none = WG_IN(2), PARAMS(3)},
               {"one group", {WG_DIMS(2, 3, 2), {0}, {0}}, .n = 3, .none = WG_IN(1) | WG_IN(2), PARAMS(1)}),
};
#undef PARAMS
