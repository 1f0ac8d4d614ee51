/* target ← value, for any dtype. */
#ifdef REAL
static void T(assign_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *target = (ELEM *)(void *)at[0];
    const ELEM *value = (const ELEM *)(const void *)at[1];
    (void)params;
    WG_LOOP(n)
        target[i * s[0]] = (REAL)value[i * s[1]];
}

/* Integer dtypes are copied as bytes. */
static void T(assign_bytes)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const size_t size = *(const size_t *)params;
    for (int64_t i = 0; i < n; i++)
        memcpy(at[0] + i * s[0] * (int64_t)size, at[1] + i * s[1] * (int64_t)size, size);
}

static wg_status T(assign)(const wg_call *c)
{
    const size_t size = wg_dtype_size((wg_dtype)c->in[0]->dtype);
    if (c->in[0]->dtype == WG_I64 || c->in[0]->dtype == WG_U8)
        return wg_map_in_place(c, size, T(assign_bytes), &size);
    return wg_map_in_place(c, sizeof(ELEM), T(assign_row), NULL);
}
#else
#define KERNEL_FILE "ops/update/assign.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *target = c->in[0], *value = c->in[1];
    (void)out;
    if (target->dtype != value->dtype)
        return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is converted");
    if (!wg_same_dims(target, value))
        return wg_call_error(c, WG_E_SHAPE, "expected target and value of one shape");
    return WG_OK;
}

wg_status wg_assign(wg_tensor *target, wg_tensor *value)
{
    wg_tensor *in[2] = {target, value};
    return wg_invoke(&wg_op_assign, NULL, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_update(c, 0, 0, 0, 0);
    cost.bytes_read -= cost.bytes_written; /* the target is not read */
    return cost;
}

const struct wg_op wg_op_assign = {
    .name = WG_REGISTERED("assign"),
    .n_in = 2,
    .shape = shape,
    .kernels = KERNELS(assign),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_OP_EXACT_ALIAS | WG_OP_STORES,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2}),
};
#endif
