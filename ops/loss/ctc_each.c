/* The losses of connectionist temporal classification (Graves and others, 2006), one for each sequence: minus the logarithm of the
   probability of all paths that read as the target. */
#ifdef REAL
#include "ops/loss/ctc_lattice.h"

typedef struct {
    const wg_call *call;
    WIDE *workspace;
    int64_t parts;
} T(ctc_losses);

/* rows: three rows of states, and one more, which has the states' classes. */
static WIDE T(ctc_log_probability)(const T(ctc_sequence) * q, int64_t row, WIDE *rows)
{
    WIDE *v = rows + 2, *p = v + row, *skip = p + row;
    if (q->times == 0)
        return q->states == 1 ? (WIDE)0 : NEVER;
    T(ctc_skips)(q, false, skip);
    T(ctc_begin)(q->states, (WIDE)0, p);
    T(ctc_begin)(q->states, (WIDE)0, v);
    for (int64_t t = 0; t < q->times; t++) {
        if (t > 0)
            T(ctc_step)(q->states, v, skip, p);
        T(ctc_emit)(q, t, false, p, v);
    }
    return T(ctc_end)(q->states, v);
}

static void T(ctc_each_parts)(int64_t first, int64_t last, void *context)
{
    const T(ctc_losses) *o = (const T(ctc_losses) *)context;
    const int64_t row = wg_ctc_row(o->call), count = wg_extents(o->call->in[0])[1];
    ELEM *loss = (ELEM *)(void *)o->call->out[0]->data;
    for (int64_t part = first; part < last; part++)
        for (int64_t n = count * part / o->parts; n < count * (part + 1) / o->parts; n++) {
            T(ctc_sequence) q;
            WIDE *rows = o->workspace + part * 4 * row;
            T(ctc_read)(o->call, n, (int64_t *)(void *)(rows + 3 * row), &q);
            loss[n] = (REAL)-T(ctc_log_probability)(&q, row, rows);
        }
}

static wg_status T(ctc_each)(const wg_call *c)
{
    const wg_status status = wg_ctc_check(c);
    if (status != WG_OK)
        return status;
    const wg_tensor *x = c->in[0];
    const int64_t row = wg_ctc_row(c);
    const int threads = wg_kernel_threads(32 * (double)wg_extents(x)[0] * (double)wg_extents(x)[1] * (double)row);
    T(ctc_losses) o;
    o.call = c;
    o.parts = wg_extents(x)[1] < threads ? wg_extents(x)[1] : threads;
    o.workspace = (WIDE *)wg_object_new((size_t)(o.parts * 4 * row) * sizeof(WIDE));
    if (!o.workspace)
        return WG_E_MEMORY;
    wg_parallel(threads, o.parts, T(ctc_each_parts), &o);
    wg_object_free(o.workspace);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/ctc_each.c"
#include "ops/loss/ctc.h"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_ctc_shapes(c));
    out->dtype = (wg_dtype)c->in[0]->dtype;
    out->rank = 1;
    out->extent[0] = wg_extents(c->in[0])[1];
    return WG_OK;
}

wg_tensor *wg_ctc_each(wg_tensor *x, wg_tensor *targets, wg_tensor *input_lengths, wg_tensor *target_lengths, int64_t blank)
{
    const struct wg_ctc_params p = {blank};
    wg_tensor *in[WG_CTC_OPERANDS] = {x, targets, input_lengths, target_lengths}, *y = NULL;
    return wg_invoke(&wg_op_ctc_each, &p, in, WG_CTC_OPERANDS, &y, 1) == WG_OK ? y : NULL;
}

static wg_tensor *gradient(const wg_call *c)
{
    const struct wg_ctc_params *p = c->params;
    return wg_ctc_grad(c->in[0], c->in[1], c->in[2], c->in[3], p->blank, NULL, 0);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(wg_donate(gradient(c)), wg_unsqueeze(gy[0], 1)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_sum(wg_mul(gradient(c), tx[0]), .axes = WG_AXES(0, 2)));
}

static wg_cost cost(const wg_call *c)
{
    return wg_ctc_cost(c, false);
}

#define LENGTHS(t, s)                                                                                             \
    .n = 4, .dtype = {WG_F32, WG_I64, WG_I64, WG_I64}, .low = {-3, 1, t, s}, .high = {-0.5, 4, (t) + 1, (s) + 1}, \
    .params = &(const struct wg_ctc_params)                                                                       \
    {                                                                                                             \
        0                                                                                                         \
    }
const struct wg_op wg_op_ctc_each = {
    .name = WG_REGISTERED("ctc_each"),
    .params_size = sizeof(struct wg_ctc_params),
    WG_PARAMS(WG_PARAM_UNLESS(0, INT64, struct wg_ctc_params, blank)),
    .n_in = WG_CTC_OPERANDS,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(ctc_each),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2) | WG_IN(3),
    WG_SAMPLES({"full", {WG_DIMS(5, 2, 4), WG_DIMS(2, 3), WG_DIMS(2), WG_DIMS(2)}, LENGTHS(5, 3)},
               {"shorter", {WG_DIMS(6, 3, 4), WG_DIMS(3, 3), WG_DIMS(3), WG_DIMS(3)}, LENGTHS(4, 2)},
               {"blanks", {WG_DIMS(3, 2, 4), WG_DIMS(2, 2), WG_DIMS(2), WG_DIMS(2)}, LENGTHS(2, 0)}),
};
#undef LENGTHS
#endif
