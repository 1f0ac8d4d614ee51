/* target ← (1 - rate) target + rate value, in place: running statistics, Polyak averaging. Computed from the nearer end, as in
   lerp: target + (rate value - rate target), or value - ((1 - rate) value - (1 - rate) target). So an average that has reached
   its value stays there, and rates 0 and 1 give target and value exactly; the weights 1 - rate and rate, each rounded, would not
   add up to 1. Nor do the products overflow, whose factors are at most 1/2, where value - target may. */
#ifdef REAL
static void T(ema_update_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *target = (ELEM *)(void *)at[0];
    const ELEM *value = (const ELEM *)(const void *)at[1];
    const double *rate = (const double *)params;
    const bool near_target = *rate < 0.5;
    const REAL part = (REAL)(near_target ? *rate : *rate - 1); /* rate, or rate - 1 if value is the nearer end */
    if (s[0] == 1 && s[1] == 1 && near_target)
        WG_LOOP(n)
            target[i] = (REAL)target[i] + (part * (REAL)value[i] - part * (REAL)target[i]);
    else
        WG_LOOP(n) {
            const REAL from = target[i * s[0]], to = value[i * s[1]];
            target[i * s[0]] = (near_target ? from : to) + (part * to - part * from);
        }
}

static wg_status T(ema_update)(const wg_call *c)
{
    return wg_map_in_place(c, sizeof(ELEM), T(ema_update_row), c->params);
}
#else
#define KERNEL_FILE "ops/update/ema_update.c"
#include "ops/op.h"

wg_status wg_ema_update(wg_tensor *target, wg_tensor *value, double rate)
{
    wg_tensor *in[2] = {target, value};
    WG_TRY(wg_check_number("ema_update", "rate", rate, WG_CLOSED(0, 1)));
    return wg_invoke(&wg_op_ema_update, &rate, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 2, 2, 0, 0);
}

const struct wg_op wg_op_ema_update = {
    .name = WG_REGISTERED("ema_update"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "rate")),
    .n_in = 2,
    .shape = wg_shape_update,
    .kernels = KERNELS(ema_update),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_OP_EXACT_ALIAS,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2, .params = &(const double){0.1}}),
};
#endif
