/* Σ a b / (max(‖a‖, ε) max(‖b‖, ε)) along an axis. The vectors are scaled before they are multiplied, so no product overflows. */
#include "ops/op.h"

struct params {
    int axis;
    double eps;
};

static wg_tensor *scaled(wg_tensor *x, int axis, double eps)
{
    return wg_div(x, wg_clamp(wg_norm2(x, .axis = axis, .keepdims = true), eps, (double)INFINITY));
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *a = c->in[0], *b = c->in[1];
    wg_dtype dtype;
    wg_spec both;
    int axis = 0;
    WG_TRY(wg_same_float(c, &dtype));
    if (a->rank != b->rank)
        return wg_call_error(c, WG_E_SHAPE, "expected operands of one rank");
    WG_TRY(wg_axis(c->op->name, a, p->axis, &axis));
    if (wg_extents(a)[axis] != wg_extents(b)[axis])
        return wg_call_error(c, WG_E_SHAPE, "expected operands of one extent along the axis");
    WG_TRY(wg_broadcast_shapes(c, &both));
    WG_TRY(wg_check_number(c->op->name, "eps", p->eps, WG_POSITIVE));
    return wg_made(out[0] = wg_sum(wg_mul(scaled(a, axis, p->eps), scaled(b, axis, p->eps)), .axis = axis));
}

wg_tensor *wg_cosine_similarity_with(wg_tensor *a, wg_tensor *b, wg_cosine_similarity_options options)
{
    const struct params p = {options.axis, options.eps};
    return wg_invoke2(&wg_op_cosine_similarity, &p, a, b);
}

#define ALONG(...)                                                             \
    .n = 2, .low = {0.1, -1}, .high = {1, 1}, .params = &(const struct params) \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
const struct wg_op wg_op_cosine_similarity = {
    .name = WG_REGISTERED("cosine_similarity"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, ALONG(1, 1e-8)}, {"vectors", {WG_DIMS(4), WG_DIMS(4)}, ALONG(-1, 1e-8)},
               {"all pairs", {WG_DIMS(3, 1, 4), WG_DIMS(1, 2, 4)}, ALONG(2, 1e-8)},
               {"short", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, ALONG(0, 10)}),
};
#undef ALONG
