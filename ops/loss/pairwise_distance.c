/* The p-norm of a - b + ε along the last axis. */
#include "ops/loss/loss.h"

struct params {
    double p, eps;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_spec both;
    WG_TRY(wg_same_float(c, &both.dtype));
    WG_TRY(wg_broadcast_shapes(c, &both));
    if (both.rank == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected vectors along a last axis");
    WG_TRY(wg_check_number(c->op->name, "p", p->p, WG_CLOSED(1, HUGE_VAL)));
    WG_TRY(wg_check_number(c->op->name, "eps", p->eps, WG_NOT_NEGATIVE));
    wg_tensor *difference = wg_sub(c->in[0], c->in[1]);
    return wg_made(out[0] = wg_last_axis_norm(p->eps > 0 ? wg_add_scalar(difference, p->eps) : difference, p->p));
}

wg_tensor *wg_pairwise_distance_with(wg_tensor *a, wg_tensor *b, wg_pairwise_distance_options options)
{
    const struct params p = {options.p, options.eps};
    return wg_invoke2(&wg_op_pairwise_distance, &p, a, b);
}

#define BY(...)                                                                   \
    .n = 2, .low = {0.1, -1}, .high = {1, -0.1}, .params = &(const struct params) \
    {                                                                             \
        __VA_ARGS__                                                               \
    }
const struct wg_op wg_op_pairwise_distance = {
    .name = WG_REGISTERED("pairwise_distance"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, BY(2, 1e-6)}, {"1", {WG_DIMS(3, 1, 4), WG_DIMS(2, 4)}, BY(1, 0)},
               {"3", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, BY(3, 1e-6)}, {"1.5", {WG_DIMS(4), WG_DIMS(3, 4)}, BY(1.5, 0)},
               {"infinity", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, BY((double)INFINITY, 1e-6), .distinct = 3}),
};
#undef BY
