/* One step of a GRU (Cho and others, 2014), after its products. Outputs: the gates, which the gradient reads instead of x and s, and the
   new state. */
#ifdef REAL
/* The n units of one row. at and step: gates, y, x, s, h. s is read only with with_s. */
WG_INLINE void T(gru_units)(int64_t n, char *const *at, const int64_t *step, bool with_s)
{
    ELEM *gates = (ELEM *)(void *)at[0], *y = (ELEM *)(void *)at[1];
    const ELEM *x = (const ELEM *)(const void *)at[2], *s = (const ELEM *)(const void *)at[3],
               *h = (const ELEM *)(const void *)at[4];
#define PART(of, k) (REAL) of[(i + (k)*n) * step[of == x ? 2 : 3]]
    WG_LOOP(n) {
        const REAL r = R(sigmoid)(with_s ? PART(x, 0) + PART(s, 0) : PART(x, 0));
        const REAL z = R(sigmoid)(with_s ? PART(x, 1) + PART(s, 1) : PART(x, 1));
        const REAL sn = with_s ? PART(s, 2) : (REAL)0;
        const REAL new_ = R(tanh)(with_s ? PART(x, 2) + r * sn : PART(x, 2));
        gates[i * step[0]] = r;
        gates[(i + n) * step[0]] = z;
        gates[(i + 2 * n) * step[0]] = new_;
        gates[(i + 3 * n) * step[0]] = sn;
        y[i * step[1]] = new_ + z * ((REAL)h[i * step[4]] - new_);
    }
#undef PART
}

static void T(gru_row)(int64_t columns, char *const *at, const int64_t *s, const void *params)
{
    static const int64_t ones[5] = {1, 1, 1, 1, 1};
    const bool with_s = at[3] != 0;
    (void)params;
    if (with_s && memcmp(s, ones, sizeof ones) == 0) /* constants let the compiler vectorise */
        T(gru_units)(columns / 3, at, ones, true);
    else
        T(gru_units)(columns / 3, at, s, with_s);
}

static wg_status T(gru_cell)(const wg_call *c)
{
    return wg_along_axis(c, c->in[0]->rank - 1, sizeof(ELEM), T(gru_row));
}
#else
#define KERNEL_FILE "ops/recurrent/gru_cell.c"
#include "ops/recurrent/cell.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_cell_unit(c, 3, &out[1]));
    if (!wg_cell_fits(c->in[1], &out[1], 3) || !wg_cell_fits(c->in[2], &out[1], 1))
        return wg_call_error(c, WG_E_SHAPE, "expected x and s (…,3H) and h (…,H)");
    out[0] = wg_cell_widened(&out[1], 4);
    return WG_OK;
}

wg_tensor *wg_gru_cell_with(wg_tensor *x, wg_tensor *s, wg_tensor *h, wg_gru_cell_options options)
{
    wg_tensor *y = NULL, *in[3] = {x, s, h}, **to[2] = {options.gates, &y};
    return wg_invoke_into(&wg_op_gru_cell, NULL, in, 3, to) == WG_OK ? y : NULL;
}

/* Adds to gx and gs what comes from g, the gradient of the gates: that of n reaches x_n, and r and s_n by the product r s_n. */
static wg_status through_gates(const wg_call *c, wg_tensor *g, wg_tensor **gx, wg_tensor **gs)
{
    wg_tensor *y[4], *u[4];
    WG_TRY(wg_cell_split(c->out[0], 4, c->out[1], y));
    WG_TRY(wg_cell_split(g, 4, c->out[1], u));
    wg_tensor *by_n = wg_tanh_grad(y[2], u[2]), *by_r = wg_sigmoid_grad(y[0], wg_fma(by_n, y[3], u[0]));
    wg_tensor *by_z = wg_sigmoid_grad(y[1], u[1]);
    wg_tensor *to_x[3] = {by_r, by_z, by_n}, *to_s[3] = {by_r, by_z, wg_fma(by_n, y[0], u[3])};
    *gx = wg_add(*gx, wg_cell_join(to_x, 3));
    *gs = wg_add(*gs, wg_cell_join(to_s, 3));
    return wg_made(*gs);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_x, *by_s, *by_h;
    WG_TRY(wg_gru_cell_grad(c->out[0], c->in[2], wg_cell_value(gy[1], c->out[1]), &by_x, &by_s, &by_h));
    if (!wg_absent(gy[0]))
        WG_TRY(through_gates(c, gy[0], &by_x, &by_s));
    WG_TRY(WG_GIVE(gx[0], by_x));
    WG_TRY(WG_GIVE(gx[1], by_s));
    return WG_GIVE(gx[2], by_h);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *like = c->out[1], *y[4], *x[3], *s[3];
    WG_TRY(wg_cell_split(c->out[0], 4, like, y));
    WG_TRY(wg_cell_split(tx[0], 3, like, x));
    WG_TRY(wg_cell_split(tx[1], 3, like, s));
    wg_tensor *tr = wg_sigmoid_grad(y[0], wg_add(x[0], s[0])), *tz = wg_sigmoid_grad(y[1], wg_add(x[1], s[1]));
    wg_tensor *tn = wg_tanh_grad(y[2], wg_fma(y[0], s[2], wg_fma(tr, y[3], x[2])));
    wg_tensor *all[4] = {tr, tz, tn, s[2]};
    wg_tensor *h = c->in[2], *th = wg_cell_value(tx[2], like);
    WG_TRY(wg_made(ty[0] = wg_cell_join(all, 4)));
    return wg_made(ty[1] = wg_fma(tz, wg_sub(h, y[2]), wg_fma(y[1], wg_sub(th, tn), tn)));
}

static wg_cost cost(const wg_call *c)
{
    const bool with_s = !wg_absent(c->in[1]);
    const double n = (double)c->out[1]->numel;
    wg_cost cost = wg_cost_bytes(c);
    cost.add = n * (2 + 3 * with_s);
    cost.mul = n * (1 + with_s);
    cost.transcendental = 3 * n;
    return cost;
}

const struct wg_op wg_op_gru_cell = {
    .name = WG_REGISTERED("gru_cell"),
    .n_in = 3,
    .n_out = 2,
    .optional = WG_IN(1),
    .shape = shape,
    .kernels = KERNELS(gru_cell),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(2) | WG_OUT(0),
    WG_SAMPLES({"rows", {WG_DIMS(3, 6), WG_DIMS(3, 6), WG_DIMS(3, 2)}, .n = 3},
               {"one row", {WG_DIMS(15), WG_DIMS(15), WG_DIMS(5)}, .n = 3},
               {"no state", {WG_DIMS(2, 6), {0}, WG_DIMS(2, 2)}, .n = 3, .none = WG_IN(1)},
               {"long row", {WG_DIMS(2, 57), WG_DIMS(2, 57), WG_DIMS(2, 19)}, .n = 3},
               {"no rows", {WG_DIMS(0, 6), WG_DIMS(0, 6), WG_DIMS(0, 2)}, .n = 3},
               {"no units", {WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0)}, .n = 3}),
};
#endif
