/* The gradient of lstm_cell, as an op, so that it can be differentiated again. With t = tanh next and d = gnext + gh o (1 - t²), the
   gradients of the gates before activation are

     d g i (1 - i),   d c f (1 - f),   d i (1 - g²),   gh t o (1 - o),

   and that of c is d f. */
#ifdef REAL
#include "ops/recurrent/lstm_rows.h"

static wg_status T(lstm_cell_grad)(const wg_call *c)
{
    return wg_along_axis(c, c->in[0]->rank - 1, sizeof(ELEM), T(lstm_grad_row));
}
#else
#define KERNEL_FILE "ops/recurrent/lstm_cell_grad.c"
#include "ops/recurrent/cell.h"

enum { GATES, C, NEXT, GNEXT, GH };

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_cell_unit(c, 4, &out[1]));
    for (int k = C; k <= GH; k++)
        if (!wg_cell_fits(c->in[k], &out[1], 1))
            return wg_call_error(c, WG_E_SHAPE, "expected gates (…,4H), and c, next, gnext and gh (…,H)");
    out[0] = wg_cell_widened(&out[1], 4);
    return WG_OK;
}

wg_status wg_lstm_cell_grad(wg_tensor *gates, wg_tensor *c, wg_tensor *next, wg_tensor *gnext, wg_tensor *gh, wg_tensor **gx,
                            wg_tensor **gc)
{
    wg_tensor *in[5] = {gates, c, next, gnext, gh}, **to[2] = {gx, gc};
    return wg_invoke_into(&wg_op_lstm_cell_grad, NULL, in, 5, to);
}

/* What the derivatives read: the step, 1 - t² = slope, and d. */
struct view {
    struct wg_lstm_step step;
    wg_tensor *slope, *d;
};

static wg_status look(const wg_call *c, struct view *v)
{
    WG_TRY(wg_lstm_step_of(c->in[GATES], c->in[C], c->in[NEXT], &v->step));
    v->slope = wg_add_scalar(wg_neg(wg_square(v->step.t)), 1);
    v->d = wg_fma(wg_mul(c->in[GH], v->step.o), v->slope, c->in[GNEXT]);
    return wg_made(v->d);
}

/* gy: u, of the four parts of gx, and w, of gc. They reach gnext and gh as tangents of the gates and of c would reach next and h. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct view v;
    const struct wg_lstm_step *s = &v.step;
    wg_tensor *gh = c->in[GH], *u[4], *w = wg_cell_value(gy[1], c->in[NEXT]), *by_d, *by_gh;
    WG_TRY(look(c, &v));
    WG_TRY(wg_cell_split(gy[0], 4, c->in[NEXT], u));
    wg_lstm_tangents(s, u, w, NULL, &by_d, &by_gh);
    WG_TRY(wg_made(by_gh));
    if (gx[GATES].need) {
        wg_tensor *by_f = wg_fma(wg_sigmoid_curve(s->f, u[1]), s->c, w);
        wg_tensor *by_i = wg_fma(wg_sigmoid_curve(s->i, u[0]), s->g, wg_tanh_grad(s->g, u[2]));
        wg_tensor *by_g = wg_fma(wg_tanh_curve(s->g, u[2]), s->i, wg_sigmoid_grad(s->i, u[0]));
        wg_tensor *by_o = wg_fma(wg_sigmoid_curve(s->o, u[3]), s->t, wg_mul(by_d, v.slope));
        wg_tensor *by_gates[4] = {wg_mul(v.d, by_i), wg_mul(v.d, by_f), wg_mul(v.d, by_g), wg_mul(gh, by_o)};
        WG_TRY(wg_give(&gx[GATES], wg_cell_join(by_gates, 4)));
    }
    WG_TRY(WG_GIVE(gx[C], wg_mul(v.d, wg_sigmoid_grad(s->f, u[1]))));
    if (gx[NEXT].need) {
        wg_tensor *by_t = wg_add(wg_mul(wg_tanh_curve(s->t, by_d), s->o), wg_sigmoid_grad(s->o, u[3]));
        WG_TRY(wg_give(&gx[NEXT], wg_mul(wg_mul(gh, by_t), v.slope)));
    }
    WG_TRY(WG_GIVE(gx[GNEXT], by_d));
    return WG_GIVE(gx[GH], by_gh);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct view v;
    const struct wg_lstm_step *s = &v.step;
    wg_tensor *gh = c->in[GH], *t[4], *like = c->in[NEXT];
    WG_TRY(look(c, &v));
    WG_TRY(wg_cell_split(tx[GATES], 4, like, t));
    wg_tensor *tc = wg_cell_value(tx[C], like), *tgh = wg_cell_value(tx[GH], like);
    wg_tensor *tt = wg_mul(v.slope, wg_cell_value(tx[NEXT], like)); /* the tangent of tanh next */
    wg_tensor *th_o = wg_fma(tgh, s->o, wg_mul(gh, t[3]));          /* that of gh o */
    wg_tensor *td = wg_plus(tx[GNEXT], wg_fma(th_o, v.slope, wg_mul(wg_mul(gh, s->o), wg_tanh_curve(s->t, tt))));
    wg_tensor *i_slope = wg_sigmoid_grad(s->i, v.d), *f_slope = wg_sigmoid_grad(s->f, v.d);
    wg_tensor *by_i = wg_fma(wg_fma(wg_sigmoid_curve(s->i, t[0]), v.d, wg_sigmoid_grad(s->i, td)), s->g, wg_mul(i_slope, t[2]));
    wg_tensor *by_f = wg_fma(wg_fma(wg_sigmoid_curve(s->f, t[1]), v.d, wg_sigmoid_grad(s->f, td)), s->c, wg_mul(f_slope, tc));
    wg_tensor *by_g = wg_fma(wg_fma(wg_tanh_curve(s->g, t[2]), v.d, wg_tanh_grad(s->g, td)), s->i,
                             wg_mul(wg_tanh_grad(s->g, v.d), t[0]));
    wg_tensor *ht = wg_mul(gh, s->t), *tht = wg_fma(tgh, s->t, wg_mul(gh, tt)); /* gh t and its tangent */
    wg_tensor *by_o = wg_fma(wg_sigmoid_curve(s->o, t[3]), ht, wg_sigmoid_grad(s->o, tht));
    wg_tensor *all[4] = {by_i, by_f, by_g, by_o};
    WG_TRY(wg_made(ty[0] = wg_cell_join(all, 4)));
    return wg_made(ty[1] = wg_fma(td, s->f, wg_mul(v.d, t[1])));
}

static wg_cost cost(const wg_call *c)
{
    const double n = (double)c->out[1]->numel;
    wg_cost cost = wg_cost_bytes(c);
    cost.add = 6 * n;
    cost.mul = 16 * n;
    cost.transcendental = n;
    return cost;
}

const struct wg_op wg_op_lstm_cell_grad = {
    .name = WG_REGISTERED("lstm_cell_grad"),
    .n_in = 5,
    .n_out = 2,
    .shape = shape,
    .kernels = KERNELS(lstm_cell_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(GATES) | WG_IN(C) | WG_IN(NEXT) | WG_IN(GNEXT) | WG_IN(GH),
    WG_SAMPLES({"rows", {WG_DIMS(3, 8), WG_DIMS(3, 2), WG_DIMS(3, 2), WG_DIMS(3, 2), WG_DIMS(3, 2)}, .n = 5},
               {"long row", {WG_DIMS(2, 76), WG_DIMS(2, 19), WG_DIMS(2, 19), WG_DIMS(2, 19), WG_DIMS(2, 19)}, .n = 5},
               {"no rows", {WG_DIMS(0, 8), WG_DIMS(0, 2), WG_DIMS(0, 2), WG_DIMS(0, 2), WG_DIMS(0, 2)}, .n = 5},
               {"no units", {WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0)}, .n = 5}),
};
#endif
