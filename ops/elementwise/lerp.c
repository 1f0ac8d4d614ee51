/* y = a + w (b - a), broadcasting; dy/da = 1 - w, dy/db = w, dy/dw = b - a. For w >= 1/2 it is computed as b - (1 - w) (b - a), so
   that w = 0 and w = 1 give a and b exactly. If b - a overflows for finite a and b, it is computed as (1 - w) a + w b: a and b then
   have opposite signs, so the two terms overflow only if y does. */
#ifdef REAL
WG_INLINE REAL T(lerp_value)(REAL a, REAL b, REAL w)
{
    const REAL way = b - a, rest = (REAL)1 - w, inf = (REAL)HUGE_VAL;
    const REAL near_end = w < (REAL)0.5 ? a + w * way : b - rest * way, weighted = rest * a + w * b;
    const int a_finite = R(fabs)(a) < inf, b_finite = R(fabs)(b) < inf, no_way = R(fabs)(way) == inf;
    const int overflown = a_finite & b_finite & no_way; /* &, not &&: no branches */
    return overflown ? weighted : near_end;
}
MAP3(lerp, wg_no_params, T(lerp_value)(a, b, d))
#else
#define KERNEL_FILE "ops/elementwise/lerp.c"
#include "ops/op.h"

wg_tensor *wg_lerp(wg_tensor *a, wg_tensor *b, wg_tensor *w)
{
    return wg_invoke3(&wg_op_lerp, NULL, a, b, w);
}

static wg_tensor *part(const wg_call *c, int i, wg_tensor *g)
{
    wg_tensor *a = c->in[0], *b = c->in[1], *w = c->in[2];
    return wg_mul(g, i == 0 ? wg_add_scalar(wg_neg(w), 1) : i == 1 ? w : wg_sub(b, a));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    for (int i = 0; i < 3; i++)
        WG_TRY(WG_GIVE(gx[i], part(c, i, gy[0])));
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    ty[0] = WG_NONE;
    for (int i = 0; i < 3; i++)
        WG_TRY(wg_jvp_sum(c, ty[0], WG_PART(tx[i], part(c, i, tx[i])), ty));
    return WG_OK;
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 4, 3, 0, 4, 0);
}

const struct wg_op wg_op_lerp = {
    .name = WG_REGISTERED("lerp"),
    .n_in = 3,
    .n_out = 1,
    .kernels = MAP_KERNELS(lerp),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2),
    .inplace = WG_IN(0) | WG_IN(1) | WG_IN(2),
    WG_SAMPLES({"same shape", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3},
               {"one weight", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(1)}, .n = 3, .low = {-1, -1, 0.2}, .high = {1, 1, 0.4}}),
};
#endif
