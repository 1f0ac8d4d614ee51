/* Runs an op: lays out operands in memory, applies the op, reads results and gradients back. */
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/ops.h"

const char *const layout_names[N_LAYOUTS] = {"row-major", "reversed", "stepped", "backwards", "repeated", "single"};

double *numbers(int64_t n)
{
    double *p = calloc((size_t)n + 1, sizeof *p);
    if (!p)
        abort();
    return p;
}

double weight(enum weight_kind kind, int which, int64_t element)
{
    uint64_t z = ((uint64_t)kind * 131u + (uint64_t)which + 1) * 0x9E3779B97F4A7C15u + (uint64_t)element * 0xD1B54A32D192ED03u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    const double magnitude = 0.25 + (double)(z >> 44) / (double)(1 << 20);
    return z & 1 ? magnitude : -magnitude;
}

/* ---- memory ---- */

/* Strides of a layout and the number of elements of its buffer; returns the index of the first element in it. */
static int64_t lay_out(const wg_shape *shape, enum layout layout, int64_t *stride, int64_t *room)
{
    int64_t first = 0, size = 1;
    memset(stride, 0, WG_MAX_RANK * sizeof *stride);
    *room = 1;
    if (layout == SINGLE)
        return 0;
    bool repeated = layout != REPEATED;
    int keep = -1;
    for (int axis = 0; axis < shape->rank && !repeated; axis++)
        if (shape->extent[axis] > 1) {
            keep = axis;
            repeated = true;
        }
    for (int k = shape->rank - 1; k >= 0; k--) {
        const int axis = layout == REVERSED ? shape->rank - 1 - k : k;
        const int64_t extent = shape->extent[axis];
        stride[axis] = axis == keep ? 0 : layout == STEPPED ? 2 * size : layout == BACKWARDS ? -size : size;
        if (layout == STEPPED)
            first += size;
        if (layout == BACKWARDS && extent > 0)
            first += (extent - 1) * size;
        size *= axis == keep ? 1 : layout == STEPPED ? 2 * extent + 1 : extent;
    }
    *room = size;
    return first;
}

static int64_t offset_of(const wg_tensor *t, int64_t element)
{
    int64_t at = 0;
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        at += element % wg_extents(t)[axis] * wg_strides(t)[axis];
        element /= wg_extents(t)[axis];
    }
    return at;
}

static void put(const wg_tensor *t, int64_t element, double value)
{
    const int64_t at = offset_of(t, element);
    switch ((wg_dtype)t->dtype) {
    case WG_F32:
        ((float *)(void *)t->data)[at] = (float)value;
        break;
    case WG_F64:
        ((double *)(void *)t->data)[at] = value;
        break;
    case WG_I64:
        ((int64_t *)(void *)t->data)[at] = (int64_t)value;
        break;
    case WG_U8:
        ((uint8_t *)t->data)[at] = (uint8_t)value;
        break;
    }
}

double *values_of(const wg_tensor *t)
{
    double *value = numbers(t->numel);
    for (int64_t i = 0; i < t->numel; i++) {
        const int64_t at = offset_of(t, i);
        value[i] = t->dtype == WG_F32   ? (double)((const float *)(const void *)t->data)[at]
                   : t->dtype == WG_F64 ? ((const double *)(const void *)t->data)[at]
                   : t->dtype == WG_I64 ? (double)((const int64_t *)(const void *)t->data)[at]
                                        : (double)((const uint8_t *)t->data)[at];
    }
    return value;
}

wg_tensor *place(const double *value, wg_dtype dtype, wg_shape shape, enum layout layout)
{
    int64_t stride[WG_MAX_RANK] = {0}, room = 0;
    int64_t first = lay_out(&shape, layout, stride, &room);
    wg_tensor *t = wg_handle_new(wg_self(), shape.rank);
    if (!t)
        return NULL;
    t->dtype = (uint8_t)dtype;
    wg_set_dims(t, shape.rank, shape.extent, stride);
    const size_t bytes = (size_t)room * wg_dtype_size(dtype);
    t->storage = wg_storage_new(bytes);
    if (!t->storage) {
        if (!t->tape)
            wg_value_unref(t);
        return NULL;
    }
    memset(wg_storage_data(t->storage), 0xff, bytes); /* between elements: NaN, -1 or 255 */
    /* An empty tensor has no first element: its data points to no memory. */
    t->data = t->numel ? wg_storage_data(t->storage) + first * (int64_t)wg_dtype_size(dtype) : (char *)(uintptr_t)64;
    for (int64_t i = 0; i < t->numel; i++)
        put(t, i, value[i]);
    return t;
}

/* ---- operands ---- */

bool operand_leaf(const struct check_case *c, int i)
{
    const struct operand *in = &c->in[i];
    return !in->none && in->shared < 0 && (in->tested ? WG_F64 : in->dtype) <= WG_F64 && !operand_written(c, i);
}

bool operand_written(const struct check_case *c, int i)
{
    return c->op->writes >> i & 1;
}

bool float_result(const struct check_case *c, const struct result *r, int i)
{
    return i < c->op->n_out && r->dtype[i] <= WG_F64;
}

bool has_derivative(const struct check_case *c, const struct result *r)
{
    bool from = false, to = false;
    for (int i = 0; i < c->n; i++)
        from = from || operand_leaf(c, i);
    for (int i = 0; i < r->n_out; i++)
        to = to || float_result(c, r, i);
    return (c->op->vjp || c->op->compose) && !(c->op->flags & WG_OP_NO_DERIVATIVE) && from && to;
}

bool operands_make(const struct check_case *c, const struct run *run, bool want_gradient, wg_tensor **in)
{
    bool made = true;
    for (int i = 0; i < c->n; i++) {
        const struct operand *x = &c->in[i];
        in[i] = x->none ? WG_NONE : x->shared >= 0 ? in[x->shared] : NULL;
        if (in[i])
            continue;
        double *value = numbers(x->numel);
        memcpy(value, x->value, (size_t)x->numel * sizeof *value);
        if (run->nudged == i + 1)
            value[run->element] += run->by;
        if (run->moved >> i & 1)
            for (int64_t k = 0; k < x->numel; k++)
                value[k] += run->along * weight(TANGENT, i, k);
        const bool odd = (run->where >> i & 1) && !(operand_written(c, i) && run->layout != REVERSED);
        in[i] = place(value, x->tested ? run->dtype : x->dtype, x->shape, odd ? run->layout : ROW_MAJOR);
        free(value);
        const bool leaf = want_gradient && operand_leaf(c, i) && (run->leaves == 0 || run->leaves >> i & 1);
        made = made && in[i] && (!leaf || wg_set_requires_grad(in[i], true));
    }
    return made;
}

void operands_free(const struct check_case *c, wg_tensor **in)
{
    for (int i = 0; i < c->n; i++)
        if (!c->in[i].none && c->in[i].shared < 0)
            wg_free(in[i]);
}

wg_tensor *weights_like(const wg_tensor *t, const struct run *run, enum weight_kind kind, int which)
{
    double *value = numbers(t->numel);
    for (int64_t i = 0; i < t->numel; i++)
        value[i] = kind == PROJECTION && run->ones ? 1 : weight(kind, which, i);
    if (kind == PROJECTION && run->nudged == 101 + which)
        value[run->element] += run->by;
    const enum layout layout = run->where >> 31 && run->layout != REPEATED ? run->layout : ROW_MAJOR;
    wg_tensor *w = place(value, (wg_dtype)t->dtype, wg_shape_of(t), layout);
    free(value);
    return w;
}

wg_tensor *projection(wg_tensor *sum, wg_tensor *t, wg_tensor *weights)
{
    wg_tensor *part = wg_sum(wg_mul(t, weights));
    return !sum || !part ? NULL : wg_absent(sum) ? part : wg_add(sum, part);
}

/* ---- gradients ---- */

static bool saved(const wg_call *c, unsigned i)
{
    return c->op->saves >> (i < c->n_in ? i < 16 ? i : 15 : 16 + i - c->n_in) & 1;
}

/* Overwrites every operand and result that vjp does not declare to read and that shares no memory with a declared one. What the
   op wrote is left alone, because it is compared. */
static void poison(const wg_call *c)
{
    const unsigned n = (unsigned)c->n_in + c->n_out;
    for (unsigned i = 0; i < n; i++) {
        wg_tensor *t = i < c->n_in ? c->in[i] : c->out[i - c->n_in];
        bool spare = wg_absent(t) || saved(c, i) || (i < c->n_in && wg_bit(c->op->writes, i));
        for (unsigned k = 0; k < n && !spare; k++) {
            const wg_tensor *other = k < c->n_in ? c->in[k] : c->out[k - c->n_in];
            spare = saved(c, k) && !wg_absent(other) && other->storage == t->storage;
        }
        for (int64_t k = 0; k < t->numel && !spare; k++)
            memset(t->data + offset_of(t, k) * (int64_t)wg_dtype_size((wg_dtype)t->dtype), 0xff, wg_dtype_size((wg_dtype)t->dtype));
    }
}

wg_status run_backward(const struct check_case *c, const struct run *run, wg_tensor *const *in, wg_tensor *const *out)
{
    wg_tensor *roots[MAX_RESULTS], *grads[MAX_RESULTS], *sum = WG_NONE;
    size_t n = 0;
    for (int i = 0; i < c->op->n_out; i++) {
        if (out[i]->dtype > WG_F64 || (run->roots && !(run->roots >> i & 1)))
            continue;
        roots[n] = out[i];
        grads[n] = weights_like(out[i], run, PROJECTION, i);
        if (!grads[n])
            return WG_E_MEMORY;
        if (run->way != GIVEN)
            sum = projection(sum, roots[n], grads[n]);
        n++;
    }
    for (int i = 0; i < c->n && run->way == INTO; i++)
        if (operand_leaf(c, i)) {
            wg_tensor *base = weights_like(in[i], &(struct run){0}, BASE, i);
            if (!base)
                return WG_E_MEMORY;
            sum = projection(sum, in[i], base);
        }
    if (run->poison)
        poison(&out[0]->from.node->call);
    return run->way == GIVEN ? wg_backward_many(roots, grads, n, false) : wg_backward(sum);
}

/* A leaf without a gradient counts as zeros if the op declares that it is flat; otherwise backward failed. */
void result_gradients(const struct check_case *c, const struct run *run, wg_tensor *const *in, struct result *r)
{
    for (int i = 0; i < c->n; i++) {
        if (!operand_leaf(c, i) || (run->leaves && !(run->leaves >> i & 1)))
            continue;
        const wg_tensor *g = wg_gradient(in[i]);
        if (g)
            r->grad[i] = values_of(g);
        else if (c->op->flat >> i & 1)
            r->grad[i] = numbers(c->in[i].numel);
        if (g && !wg_same_dims(g, in[i]) && r->status == WG_OK)
            r->status = wg_fail(WG_E_BUG, c->op->name, "gradient %d has another shape than its operand", i);
    }
}

/* ---- the run ---- */

void result_keep(struct result *r, const wg_tensor *t)
{
    const int i = r->n_out++;
    r->shape[i] = wg_shape_of(t);
    r->dtype[i] = (wg_dtype)t->dtype;
    r->numel[i] = t->numel;
    r->out[i] = values_of(t);
}

static wg_status apply(const struct check_case *c, const struct run *run, wg_tensor *const *leaves, wg_tensor **out,
                       struct result *r)
{
    wg_tensor *in[WG_SAMPLE_MAX];
    for (int i = 0; i < c->n; i++)
        in[i] = run->take >> i & 1 ? wg_donate(wg_copy(leaves[i])) : leaves[i];
    WG_TRY(wg_invoke(c->op, c->params, in, (size_t)c->n, out, c->op->n_out));
    for (int i = 0; i < c->op->n_out; i++)
        result_keep(r, out[i]);
    return WG_OK;
}

static void run_on_tape(const struct check_case *c, const struct run *run, wg_tensor *const *in, struct result *r)
{
    wg_tensor *out[MAX_RESULTS] = {NULL};
    WG_TAPE(tape);
    r->status = apply(c, run, in, out, r);
    if (r->status == WG_OK && run->way != NO_GRADIENT)
        r->status = run_backward(c, run, in, out);
    if (r->status == WG_OK && run->way != NO_GRADIENT)
        result_gradients(c, run, in, r);
}

static void run_bare(const struct check_case *c, const struct run *run, wg_tensor *const *in, struct result *r)
{
    wg_tensor *out[MAX_RESULTS] = {NULL};
    r->status = apply(c, run, in, out, r);
    for (int i = 0; i < c->op->n_out; i++)
        wg_free(out[i]);
}

static void compare_inputs(const struct check_case *c, const struct run *run, wg_tensor *const *in, double *const *before,
                           struct result *r)
{
    for (int i = 0; i < c->n; i++) {
        if (!before[i])
            continue;
        double *after = values_of(in[i]);
        for (int64_t k = 0; k < c->in[i].numel && (r->status != WG_OK || !operand_written(c, i)) && !run->poison; k++)
            r->input_changed = r->input_changed || !check_same(after[k], before[i][k]);
        free(after);
        if (r->status == WG_OK && operand_written(c, i))
            result_keep(r, in[i]);
    }
}

void run_op(const struct check_case *c, const struct run *run, struct result *r)
{
    wg_tensor *in[WG_SAMPLE_MAX];
    double *before[WG_SAMPLE_MAX] = {NULL};
    memset(r, 0, sizeof *r);
    wg_error_take(NULL);
    wg_set_threads(run->threads ? run->threads : 1);
    if (!operands_make(c, run, run->way != NO_GRADIENT, in))
        abort(); /* no memory for the test itself */
    for (int i = 0; i < c->n; i++)
        if (!c->in[i].none && c->in[i].shared < 0)
            before[i] = values_of(in[i]);
    wg_memory_fail(run->fail ? run->fail_at : -1, run->persistent);
    if (run->way == NO_GRADIENT && !run->take && !run->fail && !c->op->writes)
        run_bare(c, run, in, r);
    else
        run_on_tape(c, run, in, r);
    r->requests = wg_memory_requests();
    wg_memory_fail(-1, false);
    compare_inputs(c, run, in, before, r);
    operands_free(c, in);
    for (int i = 0; i < c->n; i++)
        free(before[i]);
    wg_error_take(&r->error);
    wg_set_threads(1);
}

void result_free(struct result *r)
{
    for (int i = 0; i < r->n_out; i++)
        free(r->out[i]);
    for (int i = 0; i < WG_SAMPLE_MAX; i++)
        free(r->grad[i]);
    memset(r, 0, sizeof *r);
}
