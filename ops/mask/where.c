/* y = a where mask is not 0, else b, broadcasting. The gradient goes to the operand that was selected. */
#ifdef REAL
WG_INLINE void T(choose_each)(int64_t n, ELEM *y, int64_t sy, const uint8_t *mask, int64_t sm, const ELEM *a, int64_t sa,
                              const ELEM *b, int64_t sb)
{
    WG_LOOP(n) {
        const REAL chosen = a[i * sa], other = b[i * sb];
        y[i * sy] = mask[i * sm] ? chosen : other;
    }
}

static void T(where_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const uint8_t *mask = (const uint8_t *)(const void *)at[1];
    const ELEM *a = (const ELEM *)(const void *)at[2], *b = (const ELEM *)(const void *)at[3];
    (void)params;
    const bool steps = s[0] == 1 && (s[1] | 1) == 1 && (s[2] | 1) == 1 && (s[3] | 1) == 1;
    switch (steps ? s[1] << 2 | s[2] << 1 | s[3] : 0) {
    case 7: /* all contiguous */
        T(choose_each)(n, y, 1, mask, 1, a, 1, b, 1);
        break;
    case 6: /* b is a scalar */
        T(choose_each)(n, y, 1, mask, 1, a, 1, b, 0);
        break;
    case 5: /* a is a scalar */
        T(choose_each)(n, y, 1, mask, 1, a, 0, b, 1);
        break;
    case 4:
        T(choose_each)(n, y, 1, mask, 1, a, 0, b, 0);
        break;
    case 3: /* the mask is a scalar */
        T(choose_each)(n, y, 1, mask, 0, a, 1, b, 1);
        break;
    case 2:
        T(choose_each)(n, y, 1, mask, 0, a, 1, b, 0);
        break;
    default:
        T(choose_each)(n, y, s[0], mask, s[1], a, s[2], b, s[3]);
    }
}

static wg_status T(where)(const wg_call *c)
{
    return wg_map_numbers(c, sizeof(ELEM), T(where_row));
}
#else
#define KERNEL_FILE "ops/mask/where.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_masked_shape(c, 0, out);
}

wg_tensor *wg_where(wg_tensor *mask, wg_tensor *a, wg_tensor *b)
{
    return wg_invoke3(&wg_op_where, NULL, mask, a, b);
}

/* g where a was selected (of_a), or where b was; else 0. */
static wg_tensor *part(const wg_call *c, wg_tensor *g, bool of_a)
{
    wg_tensor *zero = wg_scalar((wg_dtype)g->dtype, 0);
    return of_a ? wg_where(c->in[0], g, zero) : wg_where(c->in[0], zero, g);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[1], part(c, gy[0], true)));
    return WG_GIVE(gx[2], part(c, wg_donate(gy[0]), false));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    if (wg_absent(tx[1]) || wg_absent(tx[2]))
        return wg_jvp_sum(c, WG_PART(tx[1], part(c, tx[1], true)), WG_PART(tx[2], part(c, tx[2], false)), ty);
    return wg_made(ty[0] = wg_where(c->in[0], tx[1], tx[2]));
}

const struct wg_op wg_op_where = {
    .name = WG_REGISTERED("where"),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = MAP_KERNELS(where),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    .saves = WG_IN(0),
    .inplace = WG_IN(1) | WG_IN(2),
    .flags = WG_OP_BROADCASTS | WG_OP_ROUTES,
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3, .dtype = {WG_U8}, .low = {0}, .high = {3}},
               {"one mask a row", {WG_DIMS(3, 1), WG_DIMS(3, 4), WG_DIMS(4)}, .n = 3, .dtype = {WG_U8}, .low = {0}, .high = {2}}),
};
#endif
