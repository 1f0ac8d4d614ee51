/* y = a where mask is not 0, else b, broadcasting: a router whose switch is given. */
#ifdef REAL
static void T(where_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const uint8_t *mask = (const uint8_t *)(const void *)at[1];
    const ELEM *a = (const ELEM *)(const void *)at[2], *b = (const ELEM *)(const void *)at[3];
    (void)params;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1 && s[3] == 1)
        WG_LOOP(n) {
            const REAL chosen = a[i], other = b[i];
            y[i] = mask[i] ? chosen : other;
        }
    else if (s[0] == 1 && s[1] == 0 && s[2] == 1 && s[3] == 0) /* a row that is kept or replaced whole */
        WG_LOOP(n) {
            const REAL chosen = a[i], other = b[0];
            y[i] = mask[0] ? chosen : other;
        }
    else
        WG_LOOP(n) {
            const REAL chosen = a[i * s[2]], other = b[i * s[3]];
            y[i * s[0]] = mask[i * s[1]] ? chosen : other;
        }
}

static wg_status T(where)(const wg_call *c)
{
    return wg_map(c, sizeof(ELEM), T(where_row));
}
#else
#define KERNEL_FILE "where.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_masked_shape(c, 0, out);
}

wg_tensor *wg_where(wg_tensor *mask, wg_tensor *a, wg_tensor *b)
{
    return wg_invoke3(&wg_op_where, NULL, mask, a, b);
}

/* g where a was chosen, or where b was; else 0. */
static wg_tensor *part(const wg_call *c, wg_tensor *g, bool of_a)
{
    wg_tensor *zero = wg_scalar((wg_dtype)g->dtype, 0);
    return of_a ? wg_where(c->in[0], g, zero) : wg_where(c->in[0], zero, g);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[1], part(c, gy[0], true)));
    return WG_GIVE(gx[2], part(c, wg_take(gy[0]), false));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    if (wg_absent(tx[1]) || wg_absent(tx[2]))
        return wg_jvp_sum(c, WG_PART(tx[1], part(c, tx[1], true)), WG_PART(tx[2], part(c, tx[2], false)), ty);
    return wg_made(ty[0] = wg_where(c->in[0], tx[1], tx[2]));
}

const struct wg_op wg_op_where = {
    .name = "where",
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernel = MAP_KERNELS(where),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    .saves = WG_IN(0),
    .inplace = WG_IN(1) | WG_IN(2),
    .flags = WG_BROADCASTS,
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3, .dtype = {WG_U8}, .low = {0}, .high = {3}},
               {"one mask a row", {WG_DIMS(3, 1), WG_DIMS(3, 4), WG_DIMS(4)}, .n = 3, .dtype = {WG_U8}, .low = {0}, .high = {2}}),
};
#endif
