/* y = max(ln x, -100), or with complement max(ln(1 - x), -100), for probabilities x. The slope is that of the logarithm, but at
   most 1e12 in magnitude: so a probability of 0 has a finite loss and a finite gradient, which tells where to go. */
#ifdef REAL
WG_INLINE REAL T(bounded_log_value)(REAL x, bool complement)
{
    const REAL y = complement ? R(log1p)(-x) : R(log)(x), least = (REAL)-100;
    return y < least ? least : y;
}
MAP1(bounded_log, bool, T(bounded_log_value)(x, *p))
#else
#define KERNEL_FILE "ops/loss/bounded_log.c"
#include "ops/op.h"

wg_tensor *wg_bounded_log(wg_tensor *x, bool complement)
{
    return wg_invoke1(&wg_op_bounded_log, &complement, x);
}

static wg_tensor *over_probability(const wg_call *c, wg_tensor *g)
{
    const bool complement = *(const bool *)c->params;
    wg_tensor *x = c->in[0];
    wg_tensor *p = wg_clamp(complement ? wg_add_scalar(wg_neg(x), 1) : x, 1e-12, (double)INFINITY);
    return wg_div(complement ? wg_neg(g) : wg_donate(g), p);
}
WG_DIAGONAL(over_probability(c, g))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 1, 1);
}

const struct wg_op wg_op_bounded_log = {
    .name = WG_REGISTERED("bounded_log"),
    .params_size = sizeof(bool),
    WG_PARAMS(WG_PARAM_ONLY(BOOL, "complement")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(bounded_log),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"of x", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {0.9}, .params = &(const bool){false}},
               {"of 1 - x", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {0.9}, .params = &(const bool){true}}),
};
#endif
