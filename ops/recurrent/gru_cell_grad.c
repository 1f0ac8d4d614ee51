/* The gradient of gru_cell, as an op, so that it can be differentiated again. The gradients of the gates before activation are

     dn = gy (1 - z) (1 - n²),   dz = gy (h - n) z (1 - z),   dr = dn s_n r (1 - r),

   gx = (dr, dz, dn), gs = (dr, dz, dn r), and the gradient of h is gy z. */
#ifdef REAL
/* The n units of one row. at and step: gx, gs, gh, gates, h, gy. */
WG_INLINE void T(gru_grad_units)(int64_t n, char *const *at, const int64_t *step)
{
    ELEM *gx = (ELEM *)(void *)at[0], *gs = (ELEM *)(void *)at[1], *gh = (ELEM *)(void *)at[2];
    const ELEM *gates = (const ELEM *)(const void *)at[3], *h = (const ELEM *)(const void *)at[4],
               *gy = (const ELEM *)(const void *)at[5];
    WG_LOOP(n) {
        const REAL r = gates[i * step[3]], z = gates[(i + n) * step[3]], new_ = gates[(i + 2 * n) * step[3]],
                   sn = gates[(i + 3 * n) * step[3]];
        const REAL g = gy[i * step[5]], difference = (REAL)h[i * step[4]] - new_;
        const REAL dn = g * ((REAL)1 - z) * ((REAL)1 - new_ * new_), dz = g * difference * (z * ((REAL)1 - z));
        const REAL dr = dn * sn * (r * ((REAL)1 - r));
        gx[i * step[0]] = dr;
        gx[(i + n) * step[0]] = dz;
        gx[(i + 2 * n) * step[0]] = dn;
        gs[i * step[1]] = dr;
        gs[(i + n) * step[1]] = dz;
        gs[(i + 2 * n) * step[1]] = dn * r;
        gh[i * step[2]] = g * z;
    }
}

static void T(gru_grad_row)(int64_t columns, char *const *at, const int64_t *s, const void *params)
{
    static const int64_t ones[6] = {1, 1, 1, 1, 1, 1};
    (void)params;
    if (memcmp(s, ones, sizeof ones) == 0) /* constants let the compiler vectorise */
        T(gru_grad_units)(columns / 4, at, ones);
    else
        T(gru_grad_units)(columns / 4, at, s);
}

static wg_status T(gru_cell_grad)(const wg_call *c)
{
    return wg_along_axis(c, c->in[0]->rank - 1, sizeof(ELEM), T(gru_grad_row));
}
#else
#define KERNEL_FILE "ops/recurrent/gru_cell_grad.c"
#include "ops/recurrent/cell.h"

enum { GATES, H, GY };

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_cell_unit(c, 4, &out[2]));
    if (!wg_cell_fits(c->in[H], &out[2], 1) || !wg_cell_fits(c->in[GY], &out[2], 1))
        return wg_call_error(c, WG_E_SHAPE, "expected gates (…,4H), and h and gy (…,H)");
    out[0] = out[1] = wg_cell_widened(&out[2], 3);
    return WG_OK;
}

wg_status wg_gru_cell_grad(wg_tensor *gates, wg_tensor *h, wg_tensor *gy, wg_tensor **gx, wg_tensor **gs, wg_tensor **gh)
{
    wg_tensor *in[3] = {gates, h, gy}, **to[3] = {gx, gs, gh};
    return wg_invoke_into(&wg_op_gru_cell_grad, NULL, in, 3, to);
}

/* What the derivatives read: the gates, h - n, 1 - z, dn, and the gradient dr of r before its slope. */
struct view {
    wg_tensor *r, *z, *n, *s, *difference, *rest, *dn, *by_r;
};

static wg_status look(const wg_call *c, struct view *v)
{
    wg_tensor *part[4], *gy = c->in[GY];
    WG_TRY(wg_cell_split(c->in[GATES], 4, gy, part));
    v->r = part[0], v->z = part[1], v->n = part[2], v->s = part[3];
    v->difference = wg_sub(c->in[H], v->n);
    v->rest = wg_add_scalar(wg_neg(v->z), 1);
    v->dn = wg_tanh_grad(v->n, wg_mul(gy, v->rest));
    v->by_r = wg_mul(v->dn, v->s);
    return wg_made(v->by_r);
}

/* gy: u, of gx, and w, of gs, in parts, and q, of gh. E is the gradient of dn. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct view v;
    wg_tensor *u[3], *w[3], *g = c->in[GY], *q = wg_cell_value(gy[2], g);
    WG_TRY(look(c, &v));
    WG_TRY(wg_cell_split(gy[0], 3, g, u));
    WG_TRY(wg_cell_split(gy[1], 3, g, w));
    wg_tensor *ur = wg_add(u[0], w[0]), *uz = wg_add(u[1], w[1]), *r_slope = wg_sigmoid_grad(v.r, ur);
    wg_tensor *e = wg_fma(r_slope, v.s, wg_fma(w[2], v.r, u[2])), *n_slope = wg_tanh_grad(v.n, e),
              *z_slope = wg_sigmoid_grad(v.z, uz);
    WG_TRY(wg_made(z_slope));
    if (gx[GATES].need) {
        wg_tensor *by_r = wg_fma(wg_sigmoid_curve(v.r, ur), v.by_r, wg_mul(v.dn, w[2]));
        wg_tensor *by_z = wg_mul(g, wg_add(wg_sub(wg_mul(wg_sigmoid_curve(v.z, uz), v.difference), n_slope), q));
        wg_tensor *by_n = wg_mul(g, wg_sub(wg_mul(wg_tanh_curve(v.n, e), v.rest), z_slope));
        wg_tensor *by_gates[4] = {by_r, by_z, by_n, wg_mul(v.dn, r_slope)};
        WG_TRY(wg_give(&gx[GATES], wg_cell_join(by_gates, 4)));
    }
    WG_TRY(WG_GIVE(gx[H], wg_mul(g, z_slope)));
    return WG_GIVE(gx[GY], wg_fma(q, v.z, wg_fma(z_slope, v.difference, wg_mul(n_slope, v.rest))));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct view v;
    wg_tensor *t[4], *g = c->in[GY], *tg = wg_cell_value(tx[GY], g);
    WG_TRY(look(c, &v));
    WG_TRY(wg_cell_split(tx[GATES], 4, g, t));
    wg_tensor *th = wg_cell_value(tx[H], g), *by_z = wg_mul(g, v.difference);
    wg_tensor *tby_n = wg_sub(wg_mul(tg, v.rest), wg_mul(g, t[1])), *tby_z = wg_fma(tg, v.difference, wg_mul(g, wg_sub(th, t[2])));
    wg_tensor *tdn = wg_fma(wg_tanh_curve(v.n, t[2]), wg_mul(g, v.rest), wg_tanh_grad(v.n, tby_n));
    wg_tensor *tdz = wg_fma(wg_sigmoid_curve(v.z, t[1]), by_z, wg_sigmoid_grad(v.z, tby_z));
    wg_tensor *tby_r = wg_fma(tdn, v.s, wg_mul(v.dn, t[3]));
    wg_tensor *tdr = wg_fma(wg_sigmoid_curve(v.r, t[0]), v.by_r, wg_sigmoid_grad(v.r, tby_r));
    wg_tensor *of_x[3] = {tdr, tdz, tdn}, *of_s[3] = {tdr, tdz, wg_fma(tdn, v.r, wg_mul(v.dn, t[0]))};
    WG_TRY(wg_made(ty[0] = wg_cell_join(of_x, 3)));
    WG_TRY(wg_made(ty[1] = wg_cell_join(of_s, 3)));
    return wg_made(ty[2] = wg_fma(tg, v.z, wg_mul(g, t[1])));
}

static wg_cost cost(const wg_call *c)
{
    const double n = (double)c->out[2]->numel;
    wg_cost cost = wg_cost_bytes(c);
    cost.add = 5 * n;
    cost.mul = 11 * n;
    return cost;
}

const struct wg_op wg_op_gru_cell_grad = {
    .name = WG_REGISTERED("gru_cell_grad"),
    .n_in = 3,
    .n_out = 3,
    .shape = shape,
    .kernels = KERNELS(gru_cell_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(GATES) | WG_IN(H) | WG_IN(GY),
    WG_SAMPLES({"rows", {WG_DIMS(3, 8), WG_DIMS(3, 2), WG_DIMS(3, 2)}, .n = 3},
               {"long row", {WG_DIMS(2, 76), WG_DIMS(2, 19), WG_DIMS(2, 19)}, .n = 3},
               {"no rows", {WG_DIMS(0, 8), WG_DIMS(0, 2), WG_DIMS(0, 2)}, .n = 3},
               {"no units", {WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0)}, .n = 3}),
};
#endif
