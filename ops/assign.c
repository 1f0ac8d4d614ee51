/* target ← value, of any dtype. */
#include "op.h"

static void assign_row(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const size_t size = *(const size_t *)params;
    char *target = at[0];
    const char *value = at[1];
    if (s[0] == 1 && s[1] == 1) {
        memcpy(target, value, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(target + i * s[0] * (int64_t)size, value + i * s[1] * (int64_t)size, size);
}

static wg_status assign(const wg_call *c)
{
    const size_t size = wg_dtype_size((wg_dtype)c->in[0]->dtype);
    if (c->in[0]->data == c->in[1]->data) /* itself, as the shape rule says */
        return WG_OK;
    return wg_map_in_place(c, size, assign_row, &size);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *target = c->in[0], *value = c->in[1];
    (void)out;
    if (target->dtype != value->dtype)
        return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is converted");
    if (!wg_same_dims(target, value))
        return wg_call_error(c, WG_E_SHAPE, "target and value are of one shape");
    const bool itself = target->data == value->data &&
                        memcmp(wg_strides(target), wg_strides(value), (size_t)target->rank * sizeof *target->dims) == 0;
    if (target->storage == value->storage && !itself)
        return wg_call_error(c, WG_E_ARGUMENT, "the value shares its memory with the target: copy it first (wg_copy)");
    return WG_OK;
}

wg_status wg_assign(wg_tensor *target, wg_tensor *value)
{
    wg_tensor *in[2] = {target, value};
    return wg_invoke(&wg_op_assign, NULL, in, 2, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 0, 0, 0, 0);
}

const struct wg_op wg_op_assign = {
    .name = "assign", .n_in = 2, .shape = shape, .kernel = {assign, assign}, .cost = cost, .writes = WG_IN(0),
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 2},
               {"i64", {WG_DIMS(5), WG_DIMS(5)}, .n = 2, .dtype = {WG_I64, WG_I64}, .low = {0, 0}, .high = {9, 9}}),
};
