/* An LSTM over a sequence (Hochreiter, Schmidhuber, 1997; forget gate: Gers, Schmidhuber, Cummins, 2000): lstm_cell at each step, with its
   product. The weight is transposed once for all steps. Outputs: the gates after activation and the cell states, which the gradient
   reads, and the hidden states. */
#ifdef REAL
#include "ops/recurrent/lstm_steps.h"

/* The distance between rows of the transposed weight: an odd number of cache lines, so that they do not share sets of a cache. */
static int64_t T(transposed_row)(const wg_tensor *w)
{
    enum { LINE = 64 / sizeof(ELEM) };
    return ((wg_extents(w)[0] + LINE - 1) / LINE | 1) * LINE;
}

/* The weight (4H,H) transposed, (H,4H) row by row, in the workspace. */
static T(matrix) T(transposed)(const wg_tensor *w, ELEM *workspace)
{
    const T(matrix) from = T(last_axes)(w, 0),
                    transposed = T(matrix_of)(workspace, from.columns, from.rows, T(transposed_row)(w), 1);
    T(transpose_matrix)(from, transposed);
    return transposed;
}

static wg_status T(run_steps)(const wg_call *c, T(matrix) transposed)
{
    const wg_tensor *x = c->in[0], *h0 = c->in[2], *gates = c->out[0], *cells = c->out[1], *y = c->out[2];
    const int64_t steps = wg_extents(x)[0], rows = wg_extents(x)[1];
    const bool reverse = *(const bool *)c->params;
    T(matrix) h = T(last_axes)(h0->state == WG_ABSENT ? c->in[3] : h0, 0), cell = T(last_axes)(c->in[3], 0);
    for (int64_t k = 0; k < steps; k++) {
        const int64_t t = reverse ? steps - 1 - k : k;
        const T(matrix) g = T(step_of)(gates, t), next = T(step_of)(cells, t), out = T(step_of)(y, t), none = {0, 0, 0, 0, 0};
        if (gates->data != x->data)
            T(copy_matrix)(g, T(step_of)(x, t));
        const wg_status status = k > 0 || h0->state != WG_ABSENT ? T(gemm)(h, transposed, true, g) : WG_OK;
        if (status != WG_OK)
            return status;
        T(rows) r;
        r.kernel = T(lstm_row);
        r.columns = g.columns;
        r.n = 0;
        T(add_operand)(&r, g);
        T(add_operand)(&r, next);
        T(add_operand)(&r, out);
        T(add_operand)(&r, g);
        T(add_operand)(&r, none);
        T(add_operand)(&r, cell);
        T(run_rows)(&r, rows);
        h = out;
        cell = next;
    }
    return WG_OK;
}

static wg_status T(lstm)(const wg_call *c)
{
    ELEM *workspace = (ELEM *)wg_object_new((size_t)(T(transposed_row)(c->in[1]) * wg_extents(c->in[1])[1]) * sizeof(ELEM));
    if (!workspace)
        return WG_E_MEMORY;
    const wg_status status = T(run_steps)(c, T(transposed)(c->in[1], workspace));
    wg_object_free(workspace);
    return status;
}
#else
#define KERNEL_FILE "ops/recurrent/lstm.c"
#include "ops/recurrent/cell.h"

enum { X, W, H, C, GATES = 0, CELLS, Y }; /* inputs; outputs */

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[X], *w = c->in[W];
    WG_TRY(wg_cell_unit(c, 4, &out[Y]));
    wg_spec row = out[Y];
    row.rank = 2;
    row.extent[0] = out[Y].extent[1], row.extent[1] = out[Y].extent[2];
    if (x->rank != 3 || w->rank != 2 || wg_extents(w)[0] != wg_extents(x)[2] || wg_extents(w)[1] != row.extent[1] ||
        !wg_cell_fits(c->in[H], &row, 1) || !wg_cell_fits(c->in[C], &row, 1))
        return wg_call_error(c, WG_E_SHAPE, "expected x (T,B,4H), w (4H,H), and h and c (B,H)");
    if (out[Y].extent[0] == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected a sequence of at least one step");
    out[GATES] = wg_cell_widened(&out[Y], 4);
    out[CELLS] = out[Y];
    return WG_OK;
}

wg_tensor *wg_lstm_with(wg_tensor *x, wg_tensor *w, wg_tensor *h, wg_tensor *c, wg_lstm_options options)
{
    wg_tensor *y = NULL, *in[4] = {x, w, h, c}, **to[3] = {options.gates, options.cells, &y};
    return wg_invoke_into(&wg_op_lstm, &options.reverse, in, 4, to) == WG_OK ? y : NULL;
}

/* ---- derivatives, step by step ---- */

struct sequence {
    const wg_call *c;
    int64_t steps;
    bool reverse;
    wg_tensor **part[3]; /* workspace: a tensor for each step, of each of three sequences */
};

static wg_status sequence_of(const wg_call *c, struct sequence *s)
{
    *s = (struct sequence){.c = c, .steps = wg_extents(c->in[X])[0], .reverse = *(const bool *)c->params};
    s->part[0] = wg_object_new(3 * (size_t)s->steps * sizeof **s->part);
    if (!s->part[0])
        return WG_E_MEMORY;
    s->part[1] = s->part[0] + s->steps, s->part[2] = s->part[1] + s->steps;
    return WG_OK;
}

/* The index of the k-th step. */
static int64_t index_of(const struct sequence *s, int64_t k)
{
    return s->reverse ? s->steps - 1 - k : k;
}

/* The t-th step of a sequence, which may be absent. */
static wg_tensor *step_of(wg_tensor *t, int64_t step)
{
    return t && !wg_absent(t) ? wg_select(t, 0, step) : t;
}

/* What stands before the k-th step: the state after the step before, or the initial one. */
static wg_tensor *before(const struct sequence *s, wg_tensor *states, wg_tensor *initial, int64_t k)
{
    return k > 0 ? wg_select(states, 0, index_of(s, k - 1)) : initial;
}

/* The gradient that reaches the gates of step t from their own gradient, if there is one, through the slopes of the activations. */
static wg_tensor *through_gates(const struct sequence *s, wg_tensor *ggates, int64_t t, wg_tensor *gx)
{
    if (wg_absent(ggates))
        return gx;
    return wg_add(gx, wg_lstm_through_gates(wg_select(s->c->out[GATES], 0, t), wg_select(ggates, 0, t)));
}

/* lstm_grad in ops that have derivatives. gy are the gradients of gates, cells and y; gh may be NULL. */
static wg_status composed_steps(const struct sequence *s, wg_tensor *const *gy, wg_tensor **gx, wg_tensor **gh, wg_tensor **gc)
{
    const wg_call *c = s->c;
    wg_tensor *carried = WG_NONE, *later = WG_NONE; /* the gradients of c and of x at the step after */
    for (int64_t k = s->steps - 1; k >= 0; k--) {
        const int64_t t = index_of(s, k);
        wg_tensor *by_h = wg_plus(step_of(gy[Y], t), wg_absent(later) ? WG_NONE : wg_matmul(later, c->in[W]));
        wg_tensor *by_c = wg_plus(carried, step_of(gy[CELLS], t));
        WG_TRY(wg_lstm_cell_grad(wg_select(c->out[GATES], 0, t), before(s, c->out[CELLS], c->in[C], k),
                                 wg_select(c->out[CELLS], 0, t), wg_cell_value(by_c, c->in[C]), wg_cell_value(by_h, c->in[C]),
                                 &later, &carried));
        WG_TRY(wg_made(s->part[0][t] = later = through_gates(s, gy[GATES], t, later)));
    }
    WG_TRY(wg_made(*gx = wg_stack(s->part[0], (size_t)s->steps, 0)));
    *gc = carried;
    return gh ? wg_made(*gh = wg_matmul(later, c->in[W])) : WG_OK;
}

static wg_status composed_grad(const wg_call *c, wg_tensor *const *gy, wg_tensor **gx, wg_tensor **gh, wg_tensor **gc)
{
    struct sequence s;
    WG_TRY(sequence_of(c, &s));
    const wg_status status = composed_steps(&s, gy, gx, gh, gc);
    wg_object_free(s.part[0]);
    return status;
}

/* Steps first … last of a sequence as one matrix. */
static wg_tensor *rows_of(wg_tensor *t, int64_t first, int64_t last)
{
    wg_tensor *part = wg_slice(t, 0, first, last, 1);
    return part ? wg_reshape(part, WG_SHAPE(part->numel / wg_extents(t)[2], wg_extents(t)[2])) : NULL;
}

/* The weight's gradient, gxᵀ times the states before each step: one product for the first step, one for all others. */
static wg_status give_weight(const wg_call *c, wg_tensor *gx, wg_grad_slot *slot)
{
    const int64_t steps = wg_extents(c->in[X])[0], extent = wg_extents(c->in[X])[2];
    const bool reverse = *(const bool *)c->params;
    wg_tensor *sum = slot->into ? slot->into : WG_NONE, *rows = gx, *states = c->out[Y];
    if (wg_extents(c->in[W])[1] == 0 || wg_extents(gx)[1] == 0 || extent == 0)
        return wg_give(slot, wg_cell_value(WG_NONE, c->in[W]));
    if (steps > 1) {
        rows = wg_transposed(rows_of(gx, !reverse, steps - reverse));
        states = rows_of(states, reverse, steps - !reverse);
        sum = wg_absent(sum) ? wg_matmul(rows, states) : wg_addmm(wg_donate(sum), rows, states);
    }
    if (!wg_absent(c->in[H])) {
        rows = wg_transposed(wg_select(gx, 0, reverse ? steps - 1 : 0));
        sum = sum && wg_absent(sum) ? wg_matmul(rows, c->in[H]) : wg_addmm(wg_donate(sum), rows, c->in[H]);
    }
    slot->accumulated = slot->into != NULL;
    return wg_give(slot, wg_cell_value(sum, c->in[W]));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_x, *by_h, *by_c;
    if (wg_vjp_is_recorded() || !wg_absent(gy[GATES]))
        WG_TRY(composed_grad(c, gy, &by_x, gx[H].need ? &by_h : NULL, &by_c));
    else
        WG_TRY(wg_lstm_grad(c->out[GATES], c->out[CELLS], c->in[C], c->in[W], wg_cell_value(gy[Y], c->out[Y]), gy[CELLS],
                            *(const bool *)c->params, &by_x, &by_h, &by_c));
    WG_TRY(WG_GIVE(gx[X], by_x));
    if (gx[W].need)
        WG_TRY(give_weight(c, by_x, &gx[W]));
    WG_TRY(WG_GIVE(gx[H], by_h));
    return WG_GIVE(gx[C], by_c);
}

static wg_status tangent_steps(const struct sequence *s, wg_tensor *const *tx, wg_tensor **ty)
{
    const wg_call *c = s->c;
    wg_tensor *th = tx[H], *tc = wg_cell_value(tx[C], c->in[C]);
    for (int64_t k = 0; k < s->steps; k++) {
        const int64_t t = index_of(s, k);
        wg_tensor *h = before(s, c->out[Y], c->in[H], k), *sum = step_of(tx[X], t), *u[4];
        struct wg_lstm_step step;
        if (!th || !h)
            return WG_E_NULL;
        sum = wg_plus(sum, wg_absent(th) ? WG_NONE : wg_linear(th, c->in[W], WG_NONE));
        sum = wg_plus(sum, wg_absent(h) || wg_absent(tx[W]) ? WG_NONE : wg_linear(h, tx[W], WG_NONE));
        WG_TRY(wg_lstm_step_of(wg_select(c->out[GATES], 0, t), before(s, c->out[CELLS], c->in[C], k),
                               wg_select(c->out[CELLS], 0, t), &step));
        WG_TRY(wg_cell_split(sum, 4, c->in[C], u));
        wg_lstm_tangents(&step, u, tc, &s->part[GATES][t], &s->part[CELLS][t], &s->part[Y][t]);
        tc = s->part[CELLS][t], th = s->part[Y][t];
    }
    for (int i = 0; i < c->n_out; i++)
        WG_TRY(wg_made(ty[i] = wg_stack(s->part[i], (size_t)s->steps, 0)));
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct sequence s;
    WG_TRY(sequence_of(c, &s));
    const wg_status status = tangent_steps(&s, tx, ty);
    wg_object_free(s.part[0]);
    return status;
}

/* At each step a product (B,H) by (H,4H), which the first one lacks without h. */
static wg_cost cost(const wg_call *c)
{
    const int64_t *extent = wg_extents(c->in[X]);
    const double units = (double)c->out[Y]->numel, products = (double)(extent[0] - wg_absent(c->in[H])) * (double)extent[1];
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = products * (double)c->in[W]->numel;
    cost.add += units;
    cost.mul += 3 * units;
    cost.transcendental = 5 * units;
    return cost;
}

#define REVERSE(b)          \
    .params = &(const bool) \
    {                       \
        b                   \
    }
const struct wg_op wg_op_lstm = {
    .name = WG_REGISTERED("lstm"),
    .params_size = sizeof(bool),
    WG_PARAMS(WG_PARAM_ONLY(BOOL, "reverse")),
    .n_in = 4,
    .n_out = 3,
    .optional = WG_IN(H),
    .shape = shape,
    .kernels = KERNELS(lstm),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(W) | WG_IN(H) | WG_IN(C) | WG_OUT(GATES) | WG_OUT(CELLS) | WG_OUT(Y),
    .inplace = WG_IN(X),
    WG_SAMPLES({"sequence", {WG_DIMS(3, 2, 8), WG_DIMS(8, 2), WG_DIMS(2, 2), WG_DIMS(2, 2)}, .n = 4, REVERSE(false)},
               {"reverse", {WG_DIMS(4, 2, 12), WG_DIMS(12, 3), WG_DIMS(2, 3), WG_DIMS(2, 3)}, .n = 4, REVERSE(true)},
               {"no state", {WG_DIMS(3, 2, 8), WG_DIMS(8, 2), {0}, WG_DIMS(2, 2)}, .n = 4, .none = WG_IN(H), REVERSE(false)},
               {"one step", {WG_DIMS(1, 3, 8), WG_DIMS(8, 2), {0}, WG_DIMS(3, 2)}, .n = 4, .none = WG_IN(H), REVERSE(true)},
               {"no rows", {WG_DIMS(3, 0, 8), WG_DIMS(8, 2), WG_DIMS(0, 2), WG_DIMS(0, 2)}, .n = 4, REVERSE(false)},
               {"no units", {WG_DIMS(3, 2, 0), WG_DIMS(0, 0), WG_DIMS(2, 0), WG_DIMS(2, 0)}, .n = 4, REVERSE(false)}),
};
#undef REVERSE
#endif
