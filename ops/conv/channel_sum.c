/* The sum of x (N,C,…) over all axes but the second, one element per channel, in the order described in channel.h. */
#ifdef REAL
#include "ops/channel.h"

WG_INLINED void T(add_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    const ELEM *x = at[0];
    const int64_t sx = unit ? 1 : s[0];
    (void)each, (void)state;
    WG_LOOP(n)
        part[i] = part[i] + (WIDE)(REAL)x[i * sx];
}

static void T(some_channels)(int64_t first, int64_t last, void *context)
{
    T(sum_groups)((const T(channel_sums) *)context, 1, T(add_step), first, last);
}

static wg_status T(channel_sum)(const wg_call *c)
{
    const wg_tensor *x = c->in[0];
    return T(sum_by_channel)(1, &x, c->out[0], (double)x->numel, T(some_channels));
}
#else
#define KERNEL_FILE "ops/conv/channel_sum.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    if (c->in[0]->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected (N,C,…)");
    out->rank = 1;
    out->extent[0] = wg_extents(c->in[0])[1];
    return WG_OK;
}

wg_tensor *wg_channel_sum(wg_tensor *x)
{
    return wg_invoke1(&wg_op_channel_sum, NULL, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_broadcast_to(wg_over_channels(gy[0], c->in[0]), wg_shape_of(c->in[0])));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = (double)c->in[0]->numel + wg_joins_by_channel(c->in[0]);
    return cost;
}

const struct wg_op wg_op_channel_sum = {
    .name = WG_REGISTERED("channel_sum"),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(channel_sum),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES({"images", {WG_DIMS(3, 2, 2, 3)}, .n = 1}, {"rows", {WG_DIMS(5, 3)}, .n = 1},
               {"positions", {WG_DIMS(9, 2, 5, 7)}, .n = 1}, {"groups", {WG_DIMS(2, 67)}, .n = 1}),
};
#endif
