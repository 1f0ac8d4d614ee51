/* One step of an LSTM (Hochreiter, Schmidhuber, 1997; forget gate: Gers, Schmidhuber, Cummins, 2000), after its products. Outputs: the
   gates after activation, which the gradient reads, the new cell state, the hidden state. */
#ifdef REAL
/* The n units of one row. at and step: gates, next, h, x, s, c. s is read only with with_s. */
WG_INLINE void T(lstm_units)(int64_t n, char *const *at, const int64_t *step, bool with_s)
{
    ELEM *gates = (ELEM *)(void *)at[0], *next = (ELEM *)(void *)at[1], *h = (ELEM *)(void *)at[2];
    const ELEM *x = (const ELEM *)(const void *)at[3], *s = (const ELEM *)(const void *)at[4],
               *c = (const ELEM *)(const void *)at[5];
#define GATE(k) (with_s ? (REAL)x[(i + (k)*n) * step[3]] + (REAL)s[(i + (k)*n) * step[4]] : (REAL)x[(i + (k)*n) * step[3]])
    WG_LOOP(n) {
        const REAL gi = R(sigmoid)(GATE(0)), gf = R(sigmoid)(GATE(1)), gg = R(tanh)(GATE(2)), go = R(sigmoid)(GATE(3));
        const REAL cell = gf * (REAL)c[i * step[5]] + gi * gg;
        gates[i * step[0]] = gi;
        gates[(i + n) * step[0]] = gf;
        gates[(i + 2 * n) * step[0]] = gg;
        gates[(i + 3 * n) * step[0]] = go;
        next[i * step[1]] = cell;
        h[i * step[2]] = go * R(tanh)(cell);
    }
#undef GATE
}

static void T(lstm_row)(int64_t columns, char *const *at, const int64_t *s, const void *params)
{
    static const int64_t ones[6] = {1, 1, 1, 1, 1, 1};
    const bool with_s = at[4] != 0;
    const bool contiguous = s[0] == 1 && s[1] == 1 && s[2] == 1 && s[3] == 1 && (!with_s || s[4] == 1) && s[5] == 1;
    const int64_t n = columns / 4;
    (void)params;
    if (contiguous && with_s) /* constants let the compiler vectorise */
        T(lstm_units)(n, at, ones, true);
    else if (contiguous)
        T(lstm_units)(n, at, ones, false);
    else
        T(lstm_units)(n, at, s, with_s);
}

static wg_status T(lstm_cell)(const wg_call *c)
{
    return wg_along_axis(c, c->in[0]->rank - 1, sizeof(ELEM), T(lstm_row));
}
#else
#define KERNEL_FILE "ops/recurrent/lstm_cell.c"
#include "ops/recurrent/cell.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_cell_unit(c, 4, &out[1]));
    if (!wg_cell_fits(c->in[1], &out[1], 4) || !wg_cell_fits(c->in[2], &out[1], 1))
        return wg_call_error(c, WG_E_SHAPE, "expected x and s (…,4H) and c (…,H)");
    out[0] = wg_cell_widened(&out[1], 4);
    out[2] = out[1];
    return WG_OK;
}

wg_tensor *wg_lstm_cell_with(wg_tensor *x, wg_tensor *s, wg_tensor *c, wg_lstm_cell_options options)
{
    wg_tensor *h = NULL, *in[3] = {x, s, c}, **to[3] = {options.gates, options.next, &h};
    return wg_invoke_into(&wg_op_lstm_cell, NULL, in, 3, to) == WG_OK ? h : NULL;
}

/* The gradient of the gates after activation reaches x and s by the slopes alone. */
static wg_tensor *through_gates(const wg_call *c, wg_tensor *g)
{
    wg_tensor *y[4], *u[4];
    if (wg_cell_split(c->out[0], 4, c->out[1], y) != WG_OK || wg_cell_split(g, 4, c->out[1], u) != WG_OK)
        return NULL;
    for (int k = 0; k < 4; k++)
        u[k] = k == 2 ? wg_tanh_grad(y[k], u[k]) : wg_sigmoid_grad(y[k], u[k]);
    return wg_cell_join(u, 4);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_x, *by_c, *gnext = wg_cell_value(gy[1], c->out[1]), *gh = wg_cell_value(gy[2], c->out[1]);
    WG_TRY(wg_lstm_cell_grad(c->out[0], c->in[2], c->out[1], gnext, gh, &by_x, &by_c));
    if (!wg_absent(gy[0]) && (gx[0].need || gx[1].need))
        by_x = wg_add(by_x, through_gates(c, gy[0]));
    WG_TRY(WG_GIVE(gx[0], by_x));
    WG_TRY(WG_GIVE(gx[1], by_x));
    return WG_GIVE(gx[2], by_c);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_lstm_step step;
    wg_tensor *u[4];
    WG_TRY(wg_lstm_step_of(c->out[0], c->in[2], c->out[1], &step));
    WG_TRY(wg_cell_split(wg_plus(tx[0], tx[1]), 4, c->out[1], u));
    wg_lstm_tangents(&step, u, wg_cell_value(tx[2], c->out[1]), &ty[0], &ty[1], &ty[2]);
    WG_TRY(wg_made(ty[0]));
    return wg_made(ty[2]);
}

static wg_cost cost(const wg_call *c)
{
    const double n = (double)c->out[2]->numel;
    wg_cost cost = wg_cost_bytes(c);
    cost.add = n * (wg_absent(c->in[1]) ? 1 : 5);
    cost.mul = 3 * n;
    cost.transcendental = 5 * n;
    return cost;
}

const struct wg_op wg_op_lstm_cell = {
    .name = WG_REGISTERED("lstm_cell"),
    .n_in = 3,
    .n_out = 3,
    .optional = WG_IN(1),
    .shape = shape,
    .kernels = KERNELS(lstm_cell),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(2) | WG_OUT(0) | WG_OUT(1),
    .inplace = WG_IN(1),
    WG_SAMPLES({"rows", {WG_DIMS(3, 8), WG_DIMS(3, 8), WG_DIMS(3, 2)}, .n = 3},
               {"one row", {WG_DIMS(20), WG_DIMS(20), WG_DIMS(5)}, .n = 3},
               {"no state", {WG_DIMS(2, 8), {0}, WG_DIMS(2, 2)}, .n = 3, .none = WG_IN(1)},
               {"long row", {WG_DIMS(2, 76), WG_DIMS(2, 76), WG_DIMS(2, 19)}, .n = 3},
               {"no rows", {WG_DIMS(0, 8), WG_DIMS(0, 8), WG_DIMS(0, 2)}, .n = 3},
               {"no units", {WG_DIMS(2, 0), WG_DIMS(2, 0), WG_DIMS(2, 0)}, .n = 3}),
};
#endif
