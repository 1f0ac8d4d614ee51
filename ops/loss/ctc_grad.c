/* The derivative of ctc_each: minus the expected number of times that a path is in a state of each class, given that it reads as
   the target; and the derivatives of that along k tensors, so that ctc_each has derivatives of every order. */
#ifdef REAL
#include "ops/loss/ctc_lattice.h"

/* The workspace of one sequence: rows of states and, as jets, rows of their parts. v and jets_v are for all times, forward, and
   then one row, backward. total: the parts of e^{-end}. */
typedef struct {
    WIDE *skip, *p, *share, *v;
    WIDE *jets_p, *jets_v, *total, *by_class;
    int64_t *class_of, row, jets; /* row, jets: lengths of a row and of its jets */
} T(ctc_workspace);

/* jets_p of each state from jets_v of those before it, in the shares that they have in e^p. */
static void T(ctc_step_jets)(const T(ctc_sequence) * q, const WIDE *v, const WIDE *skip, const WIDE *p, const WIDE *from, WIDE *to)
{
    const int64_t parts = q->parts;
    for (int64_t s = 0; s < q->states; s++) {
        const WIDE base = p[s] == NEVER ? (WIDE)0 : p[s];
        const WIDE stay = (WIDE)R(exp)((REAL)(v[s] - base)), next = (WIDE)R(exp)((REAL)(v[s - 1] - base));
        const WIDE over = (WIDE)R(exp)((REAL)(v[s - 2] + skip[s] - base));
        const WIDE *at = from + s * parts;
        for (int64_t i = 0; i < parts; i++)
            to[s * parts + i] = stay * at[i] + next * at[i - parts] + over * at[i - 2 * parts];
    }
}

/* Multiplies by e^x of each state's class at time t. */
static void T(ctc_emit_jets)(const T(ctc_sequence) * q, int64_t t, bool reversed, const WIDE *from, WIDE *to)
{
    for (int64_t s = 0; s < q->states; s++) {
        const int64_t class_of = q->class_of[reversed ? q->states - 1 - s : s];
        WIDE *jet = to + s * q->parts;
        for (int i = 0; i < q->parts; i++)
            jet[i] = from[s * q->parts + i];
        for (int d = 0; d < q->k; d++) {
            const WIDE u = (WIDE)(REAL)q->x[1 + d][t * q->time[1 + d] + class_of * q->column[1 + d]];
            for (int i = 0; i < q->parts; i++)
                if (i >> d & 1)
                    jet[i] = jet[i] + u * jet[i ^ 1 << d];
        }
    }
}

static void T(ctc_begin_jets)(const T(ctc_sequence) * q, const WIDE *value, WIDE *jets)
{
    for (int64_t s = -2; s < q->states; s++)
        for (int i = 0; i < q->parts; i++)
            jets[s * q->parts + i] = s == 0 || s == 1 ? value[i] : (WIDE)0;
}

/* The parts of e^{-end} from those of the two states in which paths end: the reciprocal of their sum z, part by part, as the parts
   of z/z beside the first are 0. sum: workspace for the parts of z. */
static void T(ctc_reciprocal)(const T(ctc_sequence) * q, WIDE end, const WIDE *v, const WIDE *jets, WIDE *sum, WIDE *reciprocal)
{
    const WIDE last = W(exp)(v[q->states - 1] - end), before = W(exp)(v[q->states - 2] - end);
    const WIDE *of_last = jets + (q->states - 1) * q->parts, *of_before = of_last - q->parts;
    for (int i = 0; i < q->parts; i++)
        sum[i] = last * of_last[i] + before * of_before[i];
    reciprocal[0] = (WIDE)1;
    for (int i = 1; i < q->parts; i++) {
        reciprocal[i] = (WIDE)0;
        for (int some = i; some > 0; some = (some - 1) & i)
            reciprocal[i] = reciprocal[i] - sum[some] * reciprocal[i ^ some];
    }
}

/* Fills v and jets_v for all times; returns the logarithm of the target's probability. */
static WIDE T(ctc_forward)(const T(ctc_sequence) * q, const T(ctc_workspace) * w)
{
    T(ctc_skips)(q, false, w->skip);
    T(ctc_begin)(q->states, (WIDE)0, w->p);
    w->total[0] = (WIDE)1;
    for (int i = 1; i < q->parts; i++)
        w->total[i] = (WIDE)0;
    if (q->k > 0)
        T(ctc_begin_jets)(q, w->total, w->jets_p);
    for (int64_t t = 0; t < q->times; t++) {
        WIDE *v = w->v + t * w->row, *jets = w->jets_v + t * w->jets;
        T(ctc_begin)(0, NEVER, v);
        if (t > 0)
            T(ctc_step)(q->states, v - w->row, w->skip, w->p);
        T(ctc_emit)(q, t, false, w->p, v);
        if (q->k == 0)
            continue;
        T(ctc_begin_jets)(q, w->total, jets);
        if (t > 0)
            T(ctc_step_jets)(q, v - w->row, w->skip, w->p, jets - w->jets, w->jets_p);
        T(ctc_emit_jets)(q, t, false, w->jets_p, jets);
    }
    return T(ctc_end)(q->states, w->v + (q->times - 1) * w->row);
}

/* by_class += the last part of e^{v + p}, for each state: what a path spends in its class at time t. */
static void T(ctc_collect)(const T(ctc_sequence) * q, const T(ctc_workspace) * w, int64_t t)
{
    const WIDE *v = w->v + t * w->row, *jets = w->jets_v + t * w->jets;
    const WIDE *p = w->p + q->states - 1;
    const int all = q->parts - 1;
    WIDE *share = w->share;
    for (int64_t s = 0; s < q->states; s++) /* a loop of its own: the next is not vectorised with a stride of -1 */
        share[s] = p[-s];
    WG_LOOP(q->states)
        share[i] = (WIDE)R(exp)((REAL)(v[i] + share[i]));
    for (int64_t s = 0; s < q->states && q->k > 0; s++) {
        const WIDE *from_end = w->jets_p + (q->states - 1 - s) * q->parts;
        WIDE part = (WIDE)0;
        for (int i = 0; i <= all; i++)
            part = part + jets[s * q->parts + i] * from_end[all ^ i];
        share[s] = share[s] * part;
    }
    for (int64_t s = 0; s < q->states; s++)
        w->by_class[q->class_of[s]] = w->by_class[q->class_of[s]] + share[s];
}

/* Row t of the result: minus by_class, which is cleared. */
static void T(ctc_write)(const wg_tensor *y, int64_t t, int64_t n, WIDE *by_class)
{
    ELEM *to = (ELEM *)(void *)y->data + t * wg_strides(y)[0] + n * wg_strides(y)[1];
    for (int64_t k = 0; k < wg_extents(y)[2]; k++) {
        to[k * wg_strides(y)[2]] = (REAL)-by_class[k];
        by_class[k] = (WIDE)0;
    }
}

static void T(ctc_backward)(const T(ctc_sequence) * q, const T(ctc_workspace) * w, WIDE end, const wg_tensor *y, int64_t n)
{
    WIDE *v = w->v + q->times * w->row, *jets = w->jets_v + q->times * w->jets;
    if (q->k > 0)
        T(ctc_reciprocal)(q, end, v - w->row, jets - w->jets, w->total + q->parts, w->total);
    T(ctc_skips)(q, true, w->skip);
    T(ctc_begin)(q->states, -end, w->p);
    T(ctc_begin)(0, NEVER, v);
    if (q->k > 0) {
        T(ctc_begin_jets)(q, w->total, w->jets_p);
        T(ctc_begin_jets)(q, w->total, jets);
    }
    for (int64_t t = q->times - 1; t >= 0; t--) {
        T(ctc_collect)(q, w, t);
        T(ctc_write)(y, t, n, w->by_class);
        if (t == 0)
            break;
        T(ctc_emit)(q, t, true, w->p, v);
        T(ctc_step)(q->states, v, w->skip, w->p);
        if (q->k == 0)
            continue;
        T(ctc_emit_jets)(q, t, true, w->jets_p, jets);
        T(ctc_step_jets)(q, v, w->skip, w->p, jets, w->jets_p);
    }
}

static void T(ctc_grad_sequence)(const wg_call *c, int64_t n, const T(ctc_workspace) * w)
{
    const wg_tensor *y = c->out[0];
    T(ctc_sequence) q;
    T(ctc_read)(c, n, w->class_of, &q);
    int64_t written = 0;
    if (q.times > 0) {
        const WIDE end = T(ctc_forward)(&q, w);
        if (end != NEVER) {
            T(ctc_backward)(&q, w, end, y, n);
            written = q.times;
        }
    }
    for (; written < wg_extents(y)[0]; written++)
        T(ctc_write)(y, written, n, w->by_class);
}

/* One call, shared by the threads that compute its parts; size: elements of workspace of each. */
typedef struct {
    const wg_call *call;
    WIDE *workspace;
    int64_t parts, size;
} T(ctc_gradients);

/* Elements of the workspace of one sequence. */
static int64_t T(ctc_workspace_size)(const wg_call *c)
{
    const int64_t times = wg_extents(c->in[0])[0], k = c->n_in - WG_CTC_OPERANDS, parts = (int64_t)1 << k, row = wg_ctc_row(c);
    return (times + 5) * row + (k > 0 ? (times + 2) * parts * row : 0) + 2 * parts + wg_extents(c->in[0])[2];
}

/* Divides it into its arrays. */
static void T(ctc_divide)(const wg_call *c, WIDE *memory, T(ctc_workspace) * w)
{
    const int64_t times = wg_extents(c->in[0])[0], k = c->n_in - WG_CTC_OPERANDS, parts = (int64_t)1 << k;
    w->row = wg_ctc_row(c);
    w->jets = k > 0 ? parts * w->row : 0;
    w->skip = memory + 2;
    w->p = w->skip + w->row;
    w->share = w->p + w->row;
    w->v = w->share + w->row;
    w->jets_p = memory + (times + 4) * w->row + 2 * parts;
    w->jets_v = w->jets_p + w->jets;
    w->total = memory + (times + 4) * w->row + (times + 2) * w->jets;
    w->by_class = w->total + 2 * parts;
    w->class_of = (int64_t *)(void *)(w->by_class + wg_extents(c->in[0])[2]);
}

static void T(ctc_grad_parts)(int64_t first, int64_t last, void *context)
{
    const T(ctc_gradients) *o = (const T(ctc_gradients) *)context;
    const int64_t count = wg_extents(o->call->in[0])[1];
    for (int64_t part = first; part < last; part++) {
        T(ctc_workspace) w;
        T(ctc_divide)(o->call, o->workspace + part * o->size, &w);
        for (int64_t k = 0; k < wg_extents(o->call->in[0])[2]; k++)
            w.by_class[k] = (WIDE)0;
        for (int64_t n = count * part / o->parts; n < count * (part + 1) / o->parts; n++)
            T(ctc_grad_sequence)(o->call, n, &w);
    }
}

static wg_status T(ctc_grad)(const wg_call *c)
{
    const wg_status status = wg_ctc_check(c);
    if (status != WG_OK)
        return status;
    const wg_tensor *x = c->in[0];
    const int threads = wg_kernel_threads(64 * (double)wg_extents(x)[0] * (double)wg_extents(x)[1] * (double)wg_ctc_row(c));
    T(ctc_gradients) o;
    o.call = c;
    o.parts = wg_extents(x)[1] < threads ? wg_extents(x)[1] : threads;
    o.size = T(ctc_workspace_size)(c);
    o.workspace = (WIDE *)wg_object_new((size_t)(o.parts * o.size) * sizeof(WIDE));
    if (!o.workspace)
        return WG_E_MEMORY;
    wg_parallel(threads, o.parts, T(ctc_grad_parts), &o);
    wg_object_free(o.workspace);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/ctc_grad.c"
#include "ops/loss/ctc.h"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    if (c->n_in < WG_CTC_OPERANDS || c->n_in > WG_CTC_OPERANDS + WG_CTC_DIRECTIONS)
        return wg_call_error(c, WG_E_ARGUMENT, "expected four operands and at most 8 directions");
    WG_TRY(wg_ctc_shapes(c));
    for (unsigned i = WG_CTC_OPERANDS; i < c->n_in; i++)
        if (c->in[i]->dtype != x->dtype || !wg_same_dims(c->in[i], x))
            return wg_call_error(c, c->in[i]->dtype != x->dtype ? WG_E_DTYPE : WG_E_SHAPE,
                                 "expected directions of the log-probabilities' shape and dtype");
    out->dtype = (wg_dtype)x->dtype;
    out->rank = 3;
    memcpy(out->extent, wg_extents(x), 3 * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_ctc_grad(wg_tensor *x, wg_tensor *targets, wg_tensor *input_lengths, wg_tensor *target_lengths, int64_t blank,
                       wg_tensor *const *u, size_t n)
{
    const struct wg_ctc_params p = {blank};
    wg_tensor *in[WG_CTC_OPERANDS + WG_CTC_DIRECTIONS] = {x, targets, input_lengths, target_lengths}, *y = NULL;
    if (n > WG_CTC_DIRECTIONS || (n > 0 && !u)) {
        wg_fail(n > 0 && !u ? WG_E_NULL : WG_E_ARGUMENT, "ctc_grad",
                n > 0 && !u ? "ctc_grad: the array of directions is NULL" : "ctc_grad: expected at most 8 directions");
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        in[WG_CTC_OPERANDS + i] = u[i];
    return wg_invoke(&wg_op_ctc_grad, &p, in, WG_CTC_OPERANDS + n, &y, 1) == WG_OK ? y : NULL;
}

/* The op on the directions of c, of which the one that in[i] is is replaced by g, or with g behind them if i = 0. */
static wg_tensor *along(const wg_call *c, unsigned i, wg_tensor *g)
{
    const struct wg_ctc_params *p = c->params;
    wg_tensor *u[WG_CTC_DIRECTIONS + 1];
    const unsigned n = c->n_in - WG_CTC_OPERANDS;
    for (unsigned k = 0; k < n; k++)
        u[k] = c->in[WG_CTC_OPERANDS + k];
    u[i == 0 ? n : i - WG_CTC_OPERANDS] = g;
    return wg_ctc_grad(c->in[0], c->in[1], c->in[2], c->in[3], p->blank, u, i == 0 ? n + 1 : n);
}

/* The derivatives of a loss are symmetric: its n-th derivative along all directions but one leaves the same tensor, whichever it
   is. */
static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (i == 0 || i >= WG_CTC_OPERANDS)
            WG_TRY(WG_GIVE(gx[i], along(c, i, gy[0])));
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    ty[0] = WG_NONE;
    for (unsigned i = 0; i < c->n_in && ty[0]; i++)
        if ((i == 0 || i >= WG_CTC_OPERANDS) && !wg_absent(tx[i]))
            ty[0] = wg_plus(ty[0], along(c, i, tx[i]));
    return wg_made(ty[0]);
}

static wg_cost cost(const wg_call *c)
{
    return wg_ctc_cost(c, true);
}

#define SEQUENCES WG_DIMS(5, 2, 4), WG_DIMS(2, 3), WG_DIMS(2), WG_DIMS(2)
#define LENGTHS(directions, t, s)                                                                                                \
    .n = 4 + (directions), .dtype = {WG_F32, WG_I64, WG_I64, WG_I64}, .low = {-3, 1, t, s}, .high = {-0.5, 4, (t) + 1, (s) + 1}, \
    .params = &(const struct wg_ctc_params)                                                                                      \
    {                                                                                                                            \
        0                                                                                                                        \
    }
const struct wg_op wg_op_ctc_grad = {
    .name = WG_REGISTERED("ctc_grad"),
    .params_size = sizeof(struct wg_ctc_params),
    WG_PARAMS(WG_PARAM_UNLESS(0, INT64, struct wg_ctc_params, blank)),
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(ctc_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_ALL_IN,
    WG_SAMPLES({"gradient", {SEQUENCES}, LENGTHS(0, 5, 3)}, {"shorter", {SEQUENCES}, LENGTHS(0, 4, 2)},
               {"along one", {SEQUENCES, WG_DIMS(5, 2, 4)}, LENGTHS(1, 5, 3)},
               {"along two", {SEQUENCES, WG_DIMS(5, 2, 4), WG_DIMS(5, 2, 4)}, LENGTHS(2, 5, 2)}),
};
#undef SEQUENCES
#undef LENGTHS
#endif
