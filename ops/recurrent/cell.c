/* What the cells of recurrent networks share, for shape rules and derivatives. */
#include "ops/recurrent/cell.h"

/* ---- shapes ---- */

wg_status wg_cell_unit(const wg_call *c, int64_t gates, wg_spec *unit)
{
    const wg_tensor *x = c->in[0];
    WG_TRY(wg_same_float(c, &unit->dtype));
    if (x->rank == 0 || wg_extents(x)[x->rank - 1] % gates != 0)
        return wg_call_error(c, WG_E_SHAPE, gates == 3 ? "expected a first operand (…,3H)" : "expected a first operand (…,4H)");
    unit->rank = x->rank;
    memcpy(unit->extent, wg_extents(x), (size_t)x->rank * sizeof *unit->extent);
    unit->extent[x->rank - 1] /= gates;
    return WG_OK;
}

wg_spec wg_cell_widened(const wg_spec *unit, int64_t n)
{
    wg_spec wide = *unit;
    wide.extent[wide.rank - 1] *= n;
    return wide;
}

bool wg_cell_fits(const wg_tensor *t, const wg_spec *unit, int64_t n)
{
    const wg_spec wide = wg_cell_widened(unit, n);
    return wg_absent(t) || (t->rank == wide.rank && memcmp(wg_extents(t), wide.extent, (size_t)t->rank * sizeof *wide.extent) == 0);
}

/* ---- parts ---- */

wg_tensor *wg_cell_value(wg_tensor *t, const wg_tensor *like)
{
    return t && wg_absent(t) ? wg_zeros((wg_dtype)like->dtype, wg_shape_of(like)) : t;
}

wg_status wg_cell_split(wg_tensor *t, size_t n, const wg_tensor *like, wg_tensor **part)
{
    if (t && !wg_absent(t)) {
        size_t made;
        return wg_chunk(t, -1, n, part, &made);
    }
    for (size_t i = 0; i < n; i++)
        part[i] = wg_cell_value(t, like);
    return wg_made(part[n - 1]);
}

wg_tensor *wg_cell_join(wg_tensor *const *part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!part[i])
            return NULL;
    return wg_concat(part, n, -1);
}

/* ---- derivatives ---- */

wg_tensor *wg_sigmoid_curve(wg_tensor *y, wg_tensor *u)
{
    return wg_mul(u, wg_add_scalar(wg_mul_scalar(y, -2), 1));
}

wg_tensor *wg_tanh_curve(wg_tensor *y, wg_tensor *u)
{
    return wg_mul(u, wg_mul_scalar(y, -2));
}

wg_status wg_lstm_step_of(wg_tensor *gates, wg_tensor *c, wg_tensor *next, struct wg_lstm_step *s)
{
    wg_tensor *part[4];
    WG_TRY(wg_cell_split(gates, 4, next, part));
    *s = (struct wg_lstm_step){part[0], part[1], part[2], part[3], c, wg_tanh(next)};
    return wg_made(s->t);
}

wg_tensor *wg_lstm_through_gates(wg_tensor *gates, wg_tensor *g)
{
    wg_tensor *y[4], *u[4];
    if (wg_cell_split(gates, 4, NULL, y) != WG_OK || wg_cell_split(g, 4, NULL, u) != WG_OK)
        return NULL;
    for (int k = 0; k < 4; k++)
        u[k] = k == 2 ? wg_tanh_grad(y[k], u[k]) : wg_sigmoid_grad(y[k], u[k]);
    return wg_cell_join(u, 4);
}

void wg_lstm_tangents(const struct wg_lstm_step *s, wg_tensor *const *u, wg_tensor *v, wg_tensor **tgates, wg_tensor **tnext,
                      wg_tensor **th)
{
    wg_tensor *ti = wg_sigmoid_grad(s->i, u[0]), *tf = wg_sigmoid_grad(s->f, u[1]), *tg = wg_tanh_grad(s->g, u[2]),
              *to = wg_sigmoid_grad(s->o, u[3]);
    wg_tensor *all[4] = {ti, tf, tg, to};
    if (tgates)
        *tgates = wg_cell_join(all, 4);
    *tnext = wg_add(wg_fma(ti, s->g, wg_mul(s->i, tg)), wg_fma(tf, s->c, wg_mul(s->f, v)));
    *th = wg_fma(to, s->t, wg_mul(s->o, wg_tanh_grad(s->t, *tnext)));
}
