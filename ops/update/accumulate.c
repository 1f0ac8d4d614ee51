/* target ← target + value, in place: how a leaf's gradients accumulate. */
#ifdef REAL
static void T(accumulate_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *target = (ELEM *)(void *)at[0];
    const ELEM *value = (const ELEM *)(const void *)at[1];
    (void)params;
    WG_LOOP(n)
        target[i * s[0]] = target[i * s[0]] + value[i * s[1]];
}

static wg_status T(accumulate)(const wg_call *c)
{
    return wg_map_in_place(c, sizeof(ELEM), T(accumulate_row), NULL);
}
#else
#define KERNEL_FILE "ops/update/accumulate.c"
#include "ops/op.h"

wg_status wg_accumulate(wg_tensor *target, wg_tensor *value)
{
    wg_tensor *in[2] = {target, value};
    return wg_invoke(&wg_op_accumulate, NULL, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 1, 0, 0, 0);
}

const struct wg_op wg_op_accumulate = {
    .name = WG_REGISTERED("accumulate"),
    .n_in = 2,
    .shape = wg_shape_update,
    .kernels = KERNELS(accumulate),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_OP_EXACT_ALIAS,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2}),
};
#endif
