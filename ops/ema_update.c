/* target ← (1 - rate) target + rate value, in place: running statistics, Polyak averaging. */
#ifdef REAL
static void T(ema_update_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *target = (ELEM *)(void *)at[0];
    const ELEM *value = (const ELEM *)(const void *)at[1];
    const double *rate = (const double *)params;
    const REAL keep = (REAL)(1 - *rate), take = (REAL)*rate;
    if (s[0] == 1 && s[1] == 1)
        WG_LOOP(n)
            target[i] = keep * (REAL)target[i] + take * (REAL)value[i];
    else
        WG_LOOP(n)
            target[i * s[0]] = keep * (REAL)target[i * s[0]] + take * (REAL)value[i * s[1]];
}

static wg_status T(ema_update)(const wg_call *c)
{
    return wg_map_in_place(c, sizeof(ELEM), T(ema_update_row), c->params);
}
#else
#define KERNEL_FILE "ema_update.c"
#include "op.h"

wg_status wg_ema_update(wg_tensor *target, wg_tensor *value, double rate)
{
    wg_tensor *in[2] = {target, value};
    return wg_invoke(&wg_op_ema_update, &rate, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 1, 2, 0, 0);
}

const struct wg_op wg_op_ema_update = {
    .name = "ema_update",
    .params_size = sizeof(double),
    .n_in = 2,
    .shape = wg_shape_update,
    .kernel = KERNELS(ema_update),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_EXACT_ALIAS,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2, .params = &(const double){0.1}}),
};
#endif
