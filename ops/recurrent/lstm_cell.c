/* One step of an LSTM (Hochreiter, Schmidhuber, 1997; forget gate: Gers, Schmidhuber, Cummins, 2000), after its products. Outputs: the
   gates after activation, which the gradient reads, the new cell state, the hidden state. */
#ifdef REAL
#include "ops/recurrent/lstm_rows.h"

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

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_x, *by_c, *gnext = wg_cell_value(gy[1], c->out[1]), *gh = wg_cell_value(gy[2], c->out[1]);
    WG_TRY(wg_lstm_cell_grad(c->out[0], c->in[2], c->out[1], gnext, gh, &by_x, &by_c));
    if (!wg_absent(gy[0]) && (gx[0].need || gx[1].need))
        by_x = wg_add(by_x, wg_lstm_through_gates(c->out[0], gy[0]));
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
