/* The objective at a point: its value, its gradient, products of its Hessian. Each evaluation has a tape of its own, whose effects are
   undone when it closes, and which stays open until the next: so a gradient or a product can be asked for later, or not at all. */
#include <stdlib.h>

#include "kind.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static wg_status cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* ---- parameters and vectors ---- */

/* Reads a parameter into elements of a vector, or writes it. */
static wg_status transfer(const struct work *w, wg_tensor *p, double *element, bool write)
{
    const int64_t n = wg_numel(p);
    if (wg_dtype_of(p) == WG_F64)
        return write ? wg_write_typed(p, element, WG_F64) : wg_read_typed(p, element, WG_F64);
    float *narrow = malloc((size_t)n * sizeof *narrow + 1);
    if (!narrow)
        return wg_error_set(WG_E_MEMORY, w->op, "%s: out of memory", w->op);
    wg_status status = WG_OK;
    for (int64_t i = 0; i < n && write; i++)
        narrow[i] = (float)element[i];
    status = write ? wg_write_typed(p, narrow, WG_F32) : wg_read_typed(p, narrow, WG_F32);
    for (int64_t i = 0; i < n && !write && status == WG_OK; i++)
        element[i] = narrow[i];
    free(narrow);
    return status;
}

wg_status work_position(struct work *w, double *x)
{
    for (size_t i = 0; i < w->m->n_params; i++) {
        WG_TRY(transfer(w, w->m->tensor[i], x, false));
        x += wg_numel(w->m->tensor[i]);
    }
    return WG_OK;
}

void work_round(const struct work *w, double *x)
{
    for (size_t i = 0; i < w->m->n_params; i++) {
        const int64_t n = wg_numel(w->m->tensor[i]);
        for (int64_t k = 0; k < n && wg_dtype_of(w->m->tensor[i]) == WG_F32; k++)
            x[k] = (float)x[k];
        x += n;
    }
}

/* Only what differs is written. */
wg_status work_move(struct work *w, double *x)
{
    work_round(w, x);
    int64_t used = 0;
    for (size_t i = 0; i < w->m->n_params; i++) {
        const int64_t n = wg_numel(w->m->tensor[i]);
        if (n > 0 && memcmp(x + used, w->position + used, (size_t)n * sizeof *x) != 0) {
            WG_TRY(transfer(w, w->m->tensor[i], x + used, true));
            copy(w->position + used, x + used, n);
        }
        used += n;
    }
    return WG_OK;
}

/* ---- values ---- */

struct call {
    const struct work *w;
    void *context;
    wg_tensor *y;
};

static wg_status call_function(void *context)
{
    struct call *call = context;
    const struct work *w = call->w;
    call->y = w->function(w->m->tensor, w->m->n_params, call->context);
    return call->y ? WG_OK : wg_error_first() ? wg_error_first()->code : WG_E_NULL;
}

void work_close(struct work *w)
{
    if (!w->opened)
        return;
    wg_tape_leave(&w->tape);
    wg_grad_mode_set(w->grad_mode);
    wg_train_mode_set(w->train_mode);
    w->opened = false;
    w->y = w->gradient = NULL;
}

static wg_status check_value(const struct work *w, const wg_tensor *y)
{
    char text[200];
    if (!wg_data(y))
        return cause();
    if (wg_dtype_of(y) > WG_F64)
        return wg_error_set(WG_E_DTYPE, w->op, "%s: expected an objective of f32 or f64, got %s", w->op,
                            wg_dtype_name(wg_dtype_of(y)));
    if (!w->m->residuals && wg_numel(y) != 1)
        return wg_error_set(WG_E_SHAPE, w->op, "%s: expected an objective of one element, got %s", w->op,
                            wg_shape_text(wg_shape_of(y), text, sizeof text));
    return WG_OK;
}

wg_status work_residuals(struct work *w, double *r)
{
    wg_tensor *wide = wg_cast(w->y, WG_F64);
    return wide ? wg_read_typed(wide, r, WG_F64) : cause();
}

/* Σ r²/2. */
static wg_status half_square(struct work *w, double *f)
{
    const int64_t m = wg_numel(w->y);
    if (w->residuals && m != w->residuals)
        return wg_error_set(WG_E_SHAPE, w->op, "%s: expected %lld residuals as in the first evaluation, got %lld", w->op,
                            (long long)w->residuals, (long long)m);
    wg_tensor *wide = wg_reshape(wg_cast(w->y, WG_F64), WG_SHAPE(m)), *sum = wg_sum(wg_square(wide));
    if (!sum)
        return cause();
    w->residuals = m;
    *f = wg_item(sum) / 2;
    return WG_OK;
}

static wg_status evaluate(struct work *w, void *context, double *x, double *f)
{
    work_close(w);
    w->at_sample = false;
    WG_TRY(work_move(w, x));
    w->grad_mode = wg_grad_mode_set(true);
    w->train_mode = wg_train_mode();
    w->opened = true; /* a tape that failed to open must be closed, too */
    w->reached = false;
    w->tape = wg_tape_open(.undo = true);
    if (!w->tape)
        return cause();
    struct call call = {.w = w, .context = context};
    WG_TRY(wg_callback_run(w->op, "the objective", NULL, call_function, &call));
    WG_TRY(check_value(w, call.y));
    w->y = wg_reshape(call.y, wg_shape_of(call.y)); /* on the tape, even if the function returned a tensor of another */
    if (!w->y)
        return cause();
    w->result.evaluations++;
    if (w->m->residuals)
        return half_square(w, f);
    *f = wg_item(call.y);
    return WG_OK;
}

wg_status work_value(struct work *w, double *x, double *f)
{
    return evaluate(w, w->context, x, f);
}

/* ---- derivatives ---- */

/* One f64 vector of tensors in the parameters' shapes. */
static wg_tensor *join(struct work *w)
{
    wg_tensor **part = w->m->part;
    for (size_t i = 0; i < w->m->n_params; i++) {
        part[i] = wg_cast(wg_reshape(part[i], WG_SHAPE(wg_numel(part[i]))), WG_F64);
        if (!part[i])
            return NULL;
    }
    return wg_concat(part, w->m->n_params, 0);
}

/* A hook: the backward pass came to a parameter. */
static wg_tensor *note_reached(wg_tensor *gradient, void *reached)
{
    *(bool *)reached = true;
    return gradient;
}

void work_record(struct work *w)
{
    w->recorded = true;
}

wg_tensor *work_vjp(struct work *w, wg_tensor *y, wg_tensor *v, bool recorded)
{
    const wg_minimizer *m = w->m;
    for (size_t i = 0; i < m->n_params && !w->reached; i++)
        if (wg_add_hook(m->tensor[i], note_reached, &w->reached) != WG_OK)
            return NULL;
    if (wg_grad_many(y, m->tensor, m->n_params, m->part, .grad = v, .create_graph = recorded, .unused = WG_UNUSED_ZEROS) != WG_OK)
        return NULL;
    return join(w);
}

wg_status work_reached(const struct work *w)
{
    if (w->reached)
        return WG_OK;
    return wg_error_set(WG_E_NO_GRAD, w->op, "%s: the objective depends on none of the %zu parameters", w->op, w->m->n_params);
}

wg_status work_gradient(struct work *w, double *g)
{
    w->gradient = work_vjp(w, w->y, WG_NONE, w->recorded && (!w->sampled || w->at_sample));
    if (!w->gradient)
        return cause();
    w->result.gradients++;
    WG_TRY(work_reached(w));
    return wg_read_typed(w->gradient, g, WG_F64);
}

wg_status work_sample(struct work *w, double *x, double *g)
{
    double f;
    WG_TRY(evaluate(w, w->sample, x, &f));
    w->at_sample = true;
    return work_gradient(w, g);
}

wg_status work_product(struct work *w, const double *v, double *product)
{
    const wg_minimizer *m = w->m;
    if (w->sampled && !w->at_sample)
        WG_TRY(work_sample(w, w->x, product)); /* the gradient is overwritten */
    wg_tensor *direction = wg_from_bytes(v, WG_F64, WG_SHAPE(w->n));
    if (!direction)
        return cause();
    w->result.products++;
    WG_TRY(wg_grad_many(w->gradient, m->tensor, m->n_params, m->part, .grad = direction, .unused = WG_UNUSED_ZEROS));
    WG_NO_GRAD;
    wg_tensor *joined = join(w);
    return joined ? wg_read_typed(joined, product, WG_F64) : cause();
}

wg_status work_first(struct work *w, double *f, double *g)
{
    WG_TRY(work_value(w, w->x, f));
    if (!isfinite(*f))
        return wg_error_set(WG_E_NUMERIC, w->op, "%s: expected a finite objective where the call begins, got %g", w->op, *f);
    w->result.first = w->result.f = *f;
    WG_TRY(work_gradient(w, g));
    w->result.gradient_norm = max_abs(g, w->n);
    if (!isfinite(w->result.gradient_norm))
        return wg_error_set(WG_E_NUMERIC, w->op,
                            "%s: expected a finite gradient where the call begins, got %g as its largest element", w->op,
                            w->result.gradient_norm);
    return WG_OK;
}
