/* The gradient of lstm, in one kernel: lstm_cell_grad at each step, from the last one to the first, with the product that takes a step's
   gradient to the hidden state before it. */
#ifdef REAL
#include "ops/recurrent/lstm_steps.h"

static wg_status T(lstm_grad)(const wg_call *c)
{
    const wg_tensor *gates = c->in[0], *cells = c->in[1], *gcells = c->in[5], *gx = c->out[0];
    const int64_t steps = wg_extents(gates)[0], rows = wg_extents(gates)[1];
    const bool reverse = *(const bool *)c->params;
    const T(matrix) w = T(last_axes)(c->in[3], 0), gh = T(last_axes)(c->out[1], 0), gc = T(last_axes)(c->out[2], 0);
    for (int64_t i = 0; i < gc.rows; i++)
        for (int64_t j = 0; j < gc.columns; j++)
            gc.data[i * gc.row + j * gc.column] = (REAL)0;
    for (int64_t k = steps - 1; k >= 0; k--) {
        const int64_t t = reverse ? steps - 1 - k : k, earlier = reverse ? t + 1 : t - 1, later = reverse ? t - 1 : t + 1;
        T(copy_matrix)(gh, T(step_of)(c->in[4], t));
        const wg_status status = k + 1 < steps ? T(gemm)(T(step_of)(gx, later), w, true, gh) : WG_OK;
        if (status != WG_OK)
            return status;
        if (gcells->state != WG_ABSENT) {
            const T(matrix) g = T(step_of)(gcells, t);
            for (int64_t i = 0; i < g.rows; i++)
                for (int64_t j = 0; j < g.columns; j++)
                    gc.data[i * gc.row + j * gc.column] = (REAL)gc.data[i * gc.row + j * gc.column] +
                                                          (REAL)g.data[i * g.row + j * g.column];
        }
        T(rows) r;
        r.kernel = T(lstm_grad_row);
        r.columns = w.rows;
        r.n = 0;
        T(add_operand)(&r, T(step_of)(gx, t));
        T(add_operand)(&r, gc);
        T(add_operand)(&r, T(step_of)(gates, t));
        T(add_operand)(&r, k > 0 ? T(step_of)(cells, earlier) : T(last_axes)(c->in[2], 0));
        T(add_operand)(&r, T(step_of)(cells, t));
        T(add_operand)(&r, gc);
        T(add_operand)(&r, gh);
        T(run_rows)(&r, rows);
    }
    return T(gemm)(T(step_of)(gx, reverse ? steps - 1 : 0), w, false, gh);
}
#else
#define KERNEL_FILE "ops/recurrent/lstm_grad.c"
#include "ops/recurrent/cell.h"

enum { GATES, CELLS, C, W, GY, GCELLS };

static wg_status shape(const wg_call *c, wg_spec *out)
{
    wg_spec units = {.rank = 0};
    WG_TRY(wg_cell_unit(c, 4, &units));
    const wg_tensor *w = c->in[W];
    wg_spec row = units;
    row.rank = 2;
    row.extent[0] = units.extent[1], row.extent[1] = units.extent[2];
    if (units.rank != 3 || w->rank != 2 || wg_extents(w)[0] != 4 * row.extent[1] || wg_extents(w)[1] != row.extent[1] ||
        !wg_cell_fits(c->in[CELLS], &units, 1) || !wg_cell_fits(c->in[GY], &units, 1) || !wg_cell_fits(c->in[GCELLS], &units, 1) ||
        !wg_cell_fits(c->in[C], &row, 1))
        return wg_call_error(c, WG_E_SHAPE, "expected gates (T,B,4H), cells, gy and gcells (T,B,H), c (B,H), w (4H,H)");
    if (units.extent[0] == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected a sequence of at least one step");
    out[0] = wg_cell_widened(&units, 4);
    out[1] = out[2] = row;
    return WG_OK;
}

wg_status wg_lstm_grad(wg_tensor *gates, wg_tensor *cells, wg_tensor *c, wg_tensor *w, wg_tensor *gy, wg_tensor *gcells,
                       bool reverse, wg_tensor **gx, wg_tensor **gh, wg_tensor **gc)
{
    wg_tensor *in[6] = {gates, cells, c, w, gy, gcells}, **to[3] = {gx, gh, gc};
    return wg_invoke_into(&wg_op_lstm_grad, &reverse, in, 6, to);
}

static wg_cost cost(const wg_call *c)
{
    const double units = (double)c->in[CELLS]->numel;
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = (double)c->in[GATES]->numel * (double)wg_extents(c->in[W])[1];
    cost.add += (wg_absent(c->in[GCELLS]) ? 6 : 7) * units;
    cost.mul += 16 * units;
    cost.transcendental = units;
    return cost;
}

#define SEQUENCE(t, b, h) \
    {WG_DIMS(t, b, 4 * h), WG_DIMS(t, b, h), WG_DIMS(b, h), WG_DIMS(4 * h, h), WG_DIMS(t, b, h), WG_DIMS(t, b, h)}, .n = 6
#define REVERSE(b)          \
    .params = &(const bool) \
    {                       \
        b                   \
    }
const struct wg_op wg_op_lstm_grad = {
    .name = WG_REGISTERED("lstm_grad"),
    .params_size = sizeof(bool),
    WG_PARAMS(WG_PARAM_ONLY(BOOL, "reverse")),
    .n_in = 6,
    .n_out = 3,
    .optional = WG_IN(GCELLS),
    .shape = shape,
    .kernels = KERNELS(lstm_grad),
    .cost = cost,
    .flags = WG_OP_NO_DERIVATIVE,
    .reason = "backward through wg_lstm that is itself recorded runs lstm_cell_grad at each step instead, which has derivatives",
    WG_SAMPLES({"sequence", SEQUENCE(3, 2, 2), REVERSE(false)}, {"reverse", SEQUENCE(4, 2, 3), REVERSE(true)},
               {"from y alone", SEQUENCE(3, 2, 2), .none = WG_IN(GCELLS), REVERSE(false)},
               {"one step", SEQUENCE(1, 3, 2), REVERSE(true)}, {"no rows", SEQUENCE(3, 0, 2), REVERSE(false)},
               {"no units", SEQUENCE(3, 2, 0), REVERSE(false)}),
};
#undef SEQUENCE
#undef REVERSE
#endif
