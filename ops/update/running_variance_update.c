/* running ← (1 - rate) running + rate m/(m-1) σ², where σ² is the variance of m elements. Computed from the nearer end, as in
   ema_update. */
#include "ops/kernel.h"

#ifndef WG_RUNNING_VARIANCE_PARAMS
#define WG_RUNNING_VARIANCE_PARAMS
struct wg_running_variance_params {
    double rate;
    int64_t m;
};
#endif

#ifdef REAL
static void T(running_variance_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const struct wg_running_variance_params *p = (const struct wg_running_variance_params *)params;
    ELEM *running = (ELEM *)(void *)at[0];
    const ELEM *variance = (const ELEM *)(const void *)at[1];
    const bool near_running = p->rate < 0.5;
    const WIDE part = (WIDE)(near_running ? p->rate : p->rate - 1),
               unbias = (WIDE)(p->m > 1 ? (double)p->m / (double)(p->m - 1) : 1);
    for (int64_t i = 0; i < n; i++) {
        const WIDE from = (WIDE)(REAL)running[i * s[0]], to = unbias * (WIDE)(REAL)variance[i * s[1]];
        running[i * s[0]] = (REAL)((near_running ? from : to) + part * (to - from));
    }
}

static wg_status T(running_variance_update)(const wg_call *c)
{
    return wg_map_in_place(c, sizeof(ELEM), T(running_variance_row), c->params);
}
#else
#define KERNEL_FILE "ops/update/running_variance_update.c"
#include "ops/op.h"

wg_status wg_running_variance_update(wg_tensor *running, wg_tensor *variance, double rate, int64_t m)
{
    const struct wg_running_variance_params p = {.rate = rate, .m = m};
    wg_tensor *in[2] = {running, variance};
    if (m < 1)
        return wg_fail(WG_E_ARGUMENT, "running_variance_update", "running_variance_update: a variance over %lld elements",
                       (long long)m);
    WG_TRY(wg_check_number("running_variance_update", "rate", rate, WG_CLOSED(0, 1)));
    return wg_invoke(&wg_op_running_variance_update, &p, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 2, 2, 0, 0);
}

const struct wg_op wg_op_running_variance_update = {
    .name = WG_REGISTERED("running_variance_update"),
    .params_size = sizeof(struct wg_running_variance_params),
    WG_PARAMS(WG_PARAM(REAL, struct wg_running_variance_params, rate)),
    .n_in = 2,
    .shape = wg_shape_update,
    .kernels = KERNELS(running_variance_update),
    .cost = cost,
    .writes = WG_IN(0),
    WG_SAMPLES({"6",
                {WG_DIMS(6), WG_DIMS(6)},
                .n = 2,
                .low = {0.5, 0.5},
                .high = {2, 2},
                .params = &(const struct wg_running_variance_params){0.1, 32}}),
};
#endif
