/* wg_grad: a backward pass from y to requested tensors, whose sums are returned as tensors of the tape. */
#include <string.h>

#include "grad/pass.h"
#include "wengert/ops.h"

/* Marks the nodes that depend on a requested tensor, oldest first. */
static void mark_paths(struct wg_pass *w)
{
    for (const wg_tape *tape = w->th->bottom; tape; tape = tape->above)
        for (struct wg_node *node = wg_first_above(tape, w->floor); node; node = node->next)
            for (unsigned i = 0; i < node->call.n_in && node->needs; i++)
                if (wg_pass_needs(w, node->call.in[i])) {
                    node->mark = w->number;
                    break;
                }
}

static void want(struct wg_pass *w, wg_tensor *x, bool on)
{
    const unsigned flag = on ? WG_T_TARGET : 0;
    if (x->tape)
        x->flags = (uint16_t)((x->flags & ~(unsigned)WG_T_TARGET) | flag);
    else
        for (struct wg_proxy_link *link = wg_proxies_of(w->th, x); link; link = link->older)
            link->proxy->flags = (uint16_t)((link->proxy->flags & ~(unsigned)WG_T_TARGET) | flag);
}

/* True if a surrounding backward pass is summing x's gradient. Only a part of that pass (wg_pass_part) may add to it. */
static bool in_use(const struct wg_pass *w, const wg_tensor *x)
{
    if (x->tape)
        return x->adjoint != NULL;
    for (const struct wg_proxy_link *link = wg_proxies_of(w->th, x); link; link = link->older)
        if (link->proxy->adjoint)
            return true;
    return false;
}

static wg_status check_target(struct wg_pass *w, wg_tensor *x, size_t i)
{
    WG_TRY(wg_check_handle(x, w->name, (int)i + 1));
    if (!(x->flags & WG_T_NEEDS))
        return wg_fail(WG_E_NO_GRAD, w->name, "%s: operand %zu requires no gradient: call wg_set_requires_grad before it is used",
                       w->name, i + 1);
    if (!w->part && in_use(w, x))
        return wg_fail(WG_E_STATE, w->name, "%s: operand %zu is one whose gradient the surrounding backward pass is still summing",
                       w->name, i + 1);
    return WG_OK;
}

/* Sums each leaf's gradient over its proxies, then runs its hooks: once, however often the leaf was requested. */
static wg_status finish_leaves(struct wg_pass *w)
{
    for (size_t i = 0; i < w->reached.n; i++) {
        wg_tensor *t = *wg_reached_leaf(w, i);
        WG_TRY(wg_pass_sum_up(w, t));
        if (t->adjoint && !w->part && wg_any_hooks(w->th))
            WG_TRY(wg_pass_hooks(w, t));
    }
    return WG_OK;
}

static wg_tensor *result_for(struct wg_pass *w, wg_tensor *root, wg_tensor *x, size_t i, wg_unused unused)
{
    wg_tensor *at = x;
    if (!x->tape) {
        struct wg_proxy_link *link = wg_proxies_of(w->th, x);
        while (link && !link->proxy->adjoint)
            link = link->older;
        at = link ? link->proxy : NULL;
    }
    wg_tensor *g = at ? at->adjoint : NULL;
    if (w->part && (!g || g == WG_SYMBOLIC_ZERO))
        return g ? g : WG_NONE;
    if (!g && wg_depends_through_kept(w->th, root, x)) {
        wg_fail(WG_E_UNUSED, w->name, "%s: operand %zu lies behind a kept tensor (wg_keep), which cuts its gradient off", w->name,
                i + 1);
        return NULL;
    }
    if (!g && unused != WG_UNUSED_ZEROS) {
        wg_fail(WG_E_UNUSED, w->name,
                "%s: the result does not depend on operand %zu, or only through gradients that were taken without "
                ".create_graph = true (.unused = WG_UNUSED_ZEROS gives zeros)",
                w->name, i + 1);
        return NULL;
    }
    return g && g != WG_SYMBOLIC_ZERO ? g : wg_zeros((wg_dtype)x->dtype, wg_shape_of(x));
}

/* Returns the adjoints as tensors of the top tape. */
static wg_status collect(struct wg_pass *w, wg_tensor *root, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_unused unused)
{
    for (size_t i = 0; i < n; i++) {
        wg_tensor *g = result_for(w, root, x[i], i, unused);
        if (g && !wg_absent(g))
            WG_TRY(wg_pass_check_sum(w, g));
        if (g && !w->keeping && !wg_absent(g))
            g = wg_alias(w->th, g);
        if (!g)
            return wg_error_cause();
        if (!wg_absent(g))
            g->flags |= WG_T_OWNED; /* survives the sweep */
        gx[i] = g;
    }
    wg_pass_sweep(w->th);
    for (size_t i = 0; i < n && !w->keeping; i++)
        if (!wg_absent(gx[i]))
            gx[i]->flags = (uint16_t)(gx[i]->flags & ~(WG_T_SCRATCH | WG_T_OWNED));
    return WG_OK;
}

static void forget_targets(struct wg_pass *w, wg_tensor *const *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        want(w, x[i], false);
        if (x[i]->tape && !wg_is_leaf(w, x[i])) {
            wg_pass_let_go(w, x[i]->adjoint);
            x[i]->adjoint = NULL;
        }
    }
}

/* The gradients of a root that depends on no leaf: zeros. */
static wg_status zeros(struct wg_pass *w, wg_tensor *root, wg_tensor *const *x, size_t n, wg_tensor **gx, const wg_tensor *given)
{
    WG_TRY(wg_pass_check_seed(w, root, given));
    wg_tensor **made = wg_object_new(n * sizeof *made);
    wg_status status = made ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < n && status == WG_OK; i++)
        if (!(made[i] = result_for(w, root, x[i], i, WG_UNUSED_ZEROS)))
            status = wg_error_cause();
    if (status == WG_OK)
        memcpy(gx, made, n * sizeof *made);
    wg_object_free(made);
    return status;
}

static wg_status gradients(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options, bool part,
                           bool releasing)
{
    struct wg_pass w = {.th = wg_self(),
                        .name = "grad",
                        .recording = options.create_graph,
                        .selective = true,
                        .part = part,
                        .releasing = releasing};
    WG_TRY(wg_pass_begin(&w));
    if (n == 0 || !x || !gx)
        return wg_fail(WG_E_NULL, w.name, "%s: no tensors to differentiate by", w.name);
    wg_tensor *root = y;
    WG_TRY(wg_pass_root(&w, &root, options.unused));
    for (size_t i = 0; i < n; i++)
        WG_TRY(check_target(&w, x[i], i));
    if (!(root->flags & WG_T_NEEDS))
        return zeros(&w, root, x, n, gx, options.grad);
    for (size_t i = 0; i < n; i++)
        want(&w, x[i], true);
    mark_paths(&w);
    wg_pass_enter(&w);
    wg_tensor **made = wg_object_new(n * sizeof *made);
    wg_status status = made ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < n && status == WG_OK; i++) /* a part adds to adjoints that exist already */
        if (part && x[i]->adjoint)
            status = wg_pass_touch(&w, x[i]);
    if (status == WG_OK)
        status = wg_pass_seed(&w, root, options.grad);
    if (status == WG_OK)
        status = wg_pass_run(&w, &root, 1);
    if (status == WG_OK)
        status = finish_leaves(&w);
    if (status == WG_OK)
        status = collect(&w, root, x, n, made, options.unused);
    wg_pass_leave(&w);
    forget_targets(&w, x, n);
    if (status == WG_OK)
        memcpy(gx, made, n * sizeof *made); /* last: x and gx may be the same array */
    wg_pass_clear(&w, status != WG_OK);
    wg_object_free(made);
    return status;
}

wg_status wg_grad_many_with(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options)
{
    WG_OPERATION("grad");
    return gradients(y, x, n, gx, options, false, false);
}

wg_status wg_pass_part(wg_tensor *y, wg_tensor *const *x, size_t n, wg_tensor **gx, wg_grad_options options, bool releasing)
{
    return gradients(y, x, n, gx, options, true, releasing);
}

wg_tensor *wg_grad_with(wg_tensor *y, wg_tensor *x, wg_grad_options options)
{
    WG_OPERATION("grad");
    wg_tensor *gx = NULL;
    return wg_grad_many_with(y, &x, 1, &gx, options) == WG_OK ? gx : NULL;
}
