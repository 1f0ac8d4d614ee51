/* running ← (1 - rate) running + rate m/(m-1) σ², where rstd = 1/√(σ² + ε) over m elements; σ² is what rounding leaves of it, not
   below 0. */
#include "kernel.h"

#ifndef WG_RUNNING_VARIANCE_PARAMS
#define WG_RUNNING_VARIANCE_PARAMS
struct wg_running_variance_params {
    double rate, eps;
    int64_t m;
};
#endif

#ifdef REAL
static void T(running_variance_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const struct wg_running_variance_params *p = (const struct wg_running_variance_params *)params;
    ELEM *running = (ELEM *)(void *)at[0];
    const ELEM *rstd = (const ELEM *)(const void *)at[1];
    const WIDE keep = (WIDE)(1 - p->rate), unbiased = (WIDE)(p->rate * (p->m > 1 ? (double)p->m / (double)(p->m - 1) : 1));
    const WIDE eps = (WIDE)p->eps;
    for (int64_t i = 0; i < n; i++) {
        const WIDE r = (WIDE)(REAL)rstd[i * s[1]];
        const WIDE found = (WIDE)1 / (r * r) - eps, variance = found < (WIDE)0 ? (WIDE)0 : found;
        running[i * s[0]] = (REAL)(keep * (WIDE)(REAL)running[i * s[0]] + unbiased * variance);
    }
}

static wg_status T(running_variance_update)(const wg_call *c)
{
    return wg_map_in_place(c, sizeof(ELEM), T(running_variance_row), c->params);
}
#else
#define KERNEL_FILE "running_variance_update.c"
#include "op.h"

wg_status wg_running_variance_update(wg_tensor *running, wg_tensor *rstd, double rate, double eps, int64_t m)
{
    const struct wg_running_variance_params p = {.rate = rate, .eps = eps, .m = m};
    wg_tensor *in[2] = {running, rstd};
    if (m < 1)
        return wg_fail(WG_E_ARGUMENT, "running_variance_update", "running_variance_update: a variance over %lld elements",
                       (long long)m);
    return wg_invoke(&wg_op_running_variance_update, &p, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_update(c, 2, 3, 1, 0);
    cost.compare = (double)c->in[0]->numel;
    return cost;
}

const struct wg_op wg_op_running_variance_update = {
    .name = "running_variance_update",
    .params_size = sizeof(struct wg_running_variance_params),
    .n_in = 2,
    .shape = wg_shape_update,
    .kernel = KERNELS(running_variance_update),
    .cost = cost,
    .writes = WG_IN(0),
    WG_SAMPLES({"6",
                {WG_DIMS(6), WG_DIMS(6)},
                .n = 2,
                .low = {0.5, 0.5},
                .high = {2, 2},
                .params = &(const struct wg_running_variance_params){0.1, 1e-5, 32}}),
};
#endif
