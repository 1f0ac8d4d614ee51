/* wg_vjp, wg_jvp and wg_hvp: the function runs on views of the operands, then a backward pass, a forward push, or both. */
#include <string.h>

#include "grad/forward_mode.h"
#include "wengert/ops.h"

/* ---- the shared frame ---- */

wg_status wg_work_check(struct wg_thread *th, const char *name, wg_tensor *const *x, size_t n)
{
    if (!th)
        return WG_E_MEMORY;
    if (!x || n == 0)
        return wg_fail(WG_E_NULL, name, "%s: no operands", name);
    if (th->mode.in_hook || th->mode.vjp_depth > 0 || th->updating)
        return wg_fail(WG_E_STATE, name, "%s: not inside a hook, another backward or an update", name);
    for (size_t i = 0; i < n; i++)
        WG_TRY(wg_check_handle(x[i], name, (int)i));
    return WG_OK;
}

wg_tensor *wg_function_value(struct wg_thread *th, const char *name, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    wg_callback callback = {.op = name, .who = "the function"};
    if (!f) {
        wg_fail(WG_E_NULL, name, "%s: the function is NULL", name);
        return NULL;
    }
    if (th->nested == WG_MAX_DEPTH) {
        wg_fail(WG_E_STATE, name,
                "%s: %d functions run one inside the other, and more may not: does the function call itself without end?", name,
                WG_MAX_DEPTH);
        return NULL;
    }
    wg_callback_begin(&callback);
    th->nested++;
    wg_tensor *y = f(x, n, context);
    th->nested--;
    if (!y && !th->has_error)
        wg_callback_fail(&callback, WG_E_NULL, "returned NULL");
    const wg_status status = wg_callback_end(&callback, y ? WG_OK : WG_E_NULL);
    return status == WG_OK && wg_callback_check(&callback, y, "returned") == WG_OK ? y : NULL;
}

wg_status wg_work_begin(struct work *w, const char *name, wg_tensor *const *x, size_t n)
{
    struct wg_thread *th = wg_self();
    *w = (struct work){.th = th, .name = name, .given = x, .n = n};
    WG_TRY(wg_work_check(th, name, x, n));
    w->x = wg_object_new(2 * n * sizeof *w->x);
    if (!w->x)
        return WG_E_MEMORY;
    if (!th->top || th->mode.no_grad) {
        w->own = wg_tape_push(th, false);
        if (!w->own) {
            wg_tape_close(NULL);
            wg_object_free(w->x);
            return WG_E_MEMORY;
        }
    }
    w->tape = th->top;
    w->start = th->seq;
    w->grad = wg_grad_mode_set(true);
    return WG_OK;
}

/* A result, kept from the work's closed tape, as a tensor of the open tape or, if none is open, of the caller. NULL: no memory. */
static wg_tensor *carry_out(struct work *w, wg_tensor *kept)
{
    if (!kept || wg_absent(kept) || !w->th->top)
        return kept;
    wg_tensor *t = wg_alias(w->th, kept);
    wg_value_unref(kept);
    return t;
}

wg_status wg_work_end(struct work *w, wg_status status, wg_tensor **result, size_t n)
{
    wg_grad_mode_set(w->grad);
    wg_object_free(w->x);
    wg_pass_audit(w->th);
    if (!w->own)
        return status;
    if (status == WG_OK)
        status = wg_values_on(result, n, w->name);
    const bool made = status == WG_OK;
    w->own->failed = w->own->failed || !made;
    wg_tape_close(w->own);
    for (size_t i = 0; i < n && made; i++)
        if (status != WG_OK && !wg_absent(result[i]))
            wg_value_unref(result[i]);
        else if (!(result[i] = carry_out(w, result[i])))
            status = WG_E_MEMORY;
    if (status != WG_OK)
        wg_mark_failed(w->th);
    return status;
}

/* Makes a view of each operand. The view counts as requiring a gradient, so that ops that read it save what backward needs. Its
   node counts as passing a gradient on; otherwise no pass would visit the node and clear the view's adjoint. */
static wg_status stand_in(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        w->x[i] = wg_reshape(w->given[i], wg_shape_of(w->given[i]));
        if (!w->x[i])
            return wg_error_cause();
        if (w->x[i]->dtype > WG_F64)
            continue;
        w->x[i]->flags |= WG_T_NEEDS;
        w->x[i]->from.node->needs = true;
    }
    return WG_OK;
}

wg_status wg_work_run(struct work *w, wg_function *f, void *context)
{
    WG_TRY(stand_in(w));
    w->y = wg_function_value(w->th, w->name, f, context, w->x, w->n);
    if (!w->y)
        return wg_error_cause();
    if (w->y->dtype > WG_F64)
        return wg_fail(WG_E_DTYPE, w->name, "%s: the function's result is %s, not f32 or f64", w->name,
                       wg_dtype_name((wg_dtype)w->y->dtype));
    if (!w->y->tape && !(w->y = wg_reshape(w->y, wg_shape_of(w->y)))) /* f returned a captured tensor: it is constant */
        return wg_error_cause();
    return WG_OK;
}

/* ---- reverse ---- */

static wg_tensor *zeros_like(const wg_tensor *t)
{
    return wg_zeros((wg_dtype)t->dtype, wg_shape_of(t));
}

wg_status wg_work_gradients(struct work *w, wg_tensor *root, wg_tensor *v, bool create_graph, wg_tensor **gx)
{
    wg_tensor **target = w->x + w->n;
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->x[i]->dtype <= WG_F64)
            target[n++] = w->x[i];
    if (n > 0 && (root->flags & WG_T_NEEDS)) {
        WG_TRY(wg_grad_many(root, target, n, target, .create_graph = create_graph, .unused = WG_UNUSED_ZEROS, .grad = v));
    } else {
        for (size_t i = 0; i < n; i++)
            if (!(target[i] = zeros_like(target[i])))
                return wg_error_cause();
    }
    n = 0;
    for (size_t i = 0; i < w->n; i++)
        gx[i] = w->x[i]->dtype <= WG_F64 ? target[n++] : WG_NONE;
    return WG_OK;
}

static wg_status check_seed(const struct work *w, const wg_tensor *v)
{
    char a[200], b[200];
    if (!v)
        return wg_fail(WG_E_NULL, w->name, "%s: v is NULL", w->name);
    if (wg_absent(v) && w->y->numel == 1)
        return WG_OK;
    if (!wg_absent(v))
        WG_TRY(wg_check_handle(v, w->name, -1));
    if (wg_absent(v) || v->dtype != w->y->dtype || !wg_same_dims(v, w->y))
        return wg_fail(wg_absent(v) || wg_same_dims(v, w->y) == false ? WG_E_SHAPE : WG_E_DTYPE, w->name,
                       "%s: v is %s %s, the function's result %s %s", w->name,
                       wg_absent(v) ? "" : wg_dtype_name((wg_dtype)v->dtype),
                       wg_absent(v) ? "WG_NONE" : wg_shape_text(wg_shape_of(v), a, sizeof a), wg_dtype_name((wg_dtype)w->y->dtype),
                       wg_shape_text(wg_shape_of(w->y), b, sizeof b));
    return WG_OK;
}

/* Copies result[0] to *y and the n results after it to others; y and others may be NULL. */
static void deliver(wg_tensor **result, wg_tensor **y, wg_tensor **others, size_t n)
{
    if (others)
        memcpy(others, result + 1, n * sizeof *others);
    if (y)
        *y = result[0];
}

wg_status wg_vjp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *v, wg_tensor **y, wg_tensor **gx)
{
    WG_OPERATION("vjp");
    struct work w;
    if (!gx)
        return wg_fail(WG_E_NULL, "vjp", "vjp: nowhere to put the gradients");
    WG_TRY(wg_work_begin(&w, "vjp", x, n));
    wg_tensor **result = wg_object_new((n + 1) * sizeof *result);
    wg_status status = result ? wg_work_run(&w, f, context) : WG_E_MEMORY;
    if (status == WG_OK)
        status = check_seed(&w, v);
    if (status == WG_OK)
        status = wg_work_gradients(&w, w.y, v, !w.own, result + 1);
    if (status == WG_OK)
        result[0] = w.y;
    status = wg_work_end(&w, status, result, n + 1);
    if (status == WG_OK)
        deliver(result, y, gx, n);
    if (status == WG_OK && !y && w.own && !w.th->top)
        wg_value_unref(result[0]);
    wg_object_free(result);
    return status;
}

/* ---- forward ---- */

static wg_status set_tangent(const struct work *w, size_t i, wg_tensor *t)
{
    const wg_tensor *x = w->x[i];
    char a[200], b[200];
    if (!t)
        return wg_fail(WG_E_NULL, w->name, "%s: tangent %zu is NULL", w->name, i);
    if (wg_absent(t))
        return WG_OK;
    WG_TRY(wg_check_handle(t, w->name, -1));
    if (t->dtype != x->dtype || !wg_same_dims(t, x) || x->dtype > WG_F64)
        return wg_fail(t->dtype != x->dtype || x->dtype > WG_F64 ? WG_E_DTYPE : WG_E_SHAPE, w->name,
                       "%s: tangent %zu is %s %s, its operand %s %s", w->name, i, wg_dtype_name((wg_dtype)t->dtype),
                       wg_shape_text(wg_shape_of(t), a, sizeof a), wg_dtype_name((wg_dtype)x->dtype),
                       wg_shape_text(wg_shape_of(x), b, sizeof b));
    w->x[i]->adjoint = t;
    return WG_OK;
}

wg_status wg_work_push(struct work *w, wg_tensor *const *t, const struct wg_node *last)
{
    wg_status status = WG_OK;
    const bool grad = wg_grad_mode_set(!w->own); /* on the caller's tape tangents are recorded: they may be differentiated */
    const uint64_t after = w->x[w->n - 1]->from.node->seq;
    for (size_t i = 0; i < w->n && status == WG_OK; i++)
        status = set_tangent(w, i, t[i]);
    if (status == WG_OK)
        status = wg_push(w->th, w->tape, after, last);
    wg_grad_mode_set(grad);
    return status;
}

wg_tensor *wg_tangent_of(const wg_tensor *t)
{
    return t->adjoint ? t->adjoint : zeros_like(t);
}

wg_status wg_jvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *t, wg_tensor **y, wg_tensor **ty)
{
    WG_OPERATION("jvp");
    struct work w;
    wg_tensor *result[2];
    if (!t || !ty)
        return wg_fail(WG_E_NULL, "jvp", "jvp: no tangents, or nowhere to put the result's");
    WG_TRY(wg_work_begin(&w, "jvp", x, n));
    wg_status status = wg_work_run(&w, f, context);
    if (status == WG_OK)
        status = wg_work_push(&w, t, w.tape->last);
    if (status == WG_OK) {
        result[0] = w.y;
        result[1] = wg_tangent_of(w.y);
        status = result[1] ? WG_OK : wg_error_cause();
    }
    wg_push_clear(w.tape, w.start);
    status = wg_work_end(&w, status, result, 2);
    if (status == WG_OK)
        deliver(result, y, ty, 1);
    if (status == WG_OK && !y && w.own && !w.th->top)
        wg_value_unref(result[0]);
    return status;
}

/* ---- forward over reverse ---- */

wg_status wg_work_gradient(struct work *w, wg_function *f, void *context, wg_tensor **g)
{
    char text[200];
    WG_TRY(wg_work_run(w, f, context));
    if (w->y->numel != 1)
        return wg_fail(WG_E_SHAPE, w->name, "%s: the function's result is %s, not one element", w->name,
                       wg_shape_text(wg_shape_of(w->y), text, sizeof text));
    return wg_work_gradients(w, w->y, WG_NONE, true, g);
}

wg_status wg_hvp(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor *const *v, wg_tensor **y, wg_tensor **g,
                 wg_tensor **hv)
{
    WG_OPERATION("hvp");
    struct work w;
    if (!v || !hv)
        return wg_fail(WG_E_NULL, "hvp", "hvp: no vectors, or nowhere to put the products");
    WG_TRY(wg_work_begin(&w, "hvp", x, n));
    wg_tensor **result = wg_object_new((2 * n + 1) * sizeof *result);
    wg_status status = result ? wg_work_gradient(&w, f, context, result + 1) : WG_E_MEMORY;
    if (status == WG_OK)
        status = wg_work_push(&w, v, w.tape->last);
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        wg_tensor *gradient = result[1 + i];
        result[1 + n + i] = wg_absent(gradient) ? WG_NONE : wg_tangent_of(gradient);
        status = result[1 + n + i] ? WG_OK : wg_error_cause();
    }
    if (status == WG_OK)
        result[0] = w.y;
    wg_push_clear(w.tape, w.start);
    status = wg_work_end(&w, status, result, 2 * n + 1);
    if (status == WG_OK) {
        deliver(result, y, g, n);
        memcpy(hv, result + 1 + n, n * sizeof *hv);
        for (size_t i = 0; i <= n && w.own && !w.th->top; i++)
            if ((i == 0 ? !y : !g) && !wg_absent(result[i]))
                wg_value_unref(result[i]);
    }
    wg_object_free(result);
    return status;
}
