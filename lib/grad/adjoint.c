/* Adjoints during a backward pass: who owns the gradient in one, and how the contributions to it are summed. */
#include <string.h>

#include "grad/pass.h"
#include "wengert/ops.h"

const struct wg_tensor wg_symbolic_zero = {.state = WG_ABSENT};

/* ---- who owns a gradient ---- */

wg_tensor *wg_pass_owned(struct wg_pass *w, wg_tensor *g)
{
    if (g == WG_SYMBOLIC_ZERO)
        return g;
    if (w->keeping) /* must be a tensor of the tape: backward passes set flags on it */
        return g->tape ? g : wg_proxy(w->th, g);
    if (!(g->flags & WG_T_SCRATCH) || (g->flags & WG_T_OWNED)) {
        g = wg_alias(w->th, g);
        if (!g)
            return NULL;
    }
    g->flags |= WG_T_SCRATCH | WG_T_OWNED;
    return g;
}

/* ---- summing ---- */

wg_status wg_pass_touch(struct wg_pass *w, wg_tensor *t)
{
    if (!wg_is_leaf(w, t) || (t->flags & WG_T_REACHED))
        return WG_OK;
    WG_TRY(wg_array_reserve(&w->reached, 1, sizeof t));
    *wg_reached_leaf(w, w->reached.n++) = t;
    t->flags |= WG_T_REACHED;
    return WG_OK;
}

wg_tensor *wg_pass_unbroadcast(const struct wg_op *op, const wg_tensor *t, wg_tensor *g)
{
    const int lead = g->rank - t->rank;
    wg_reduce_options over = {.axis = WG_ALL, .keepdims = true};
    bool fits = lead >= 0 && g->dtype == t->dtype;
    for (int axis = 0; axis < g->rank && fits; axis++) {
        const int64_t had = axis < lead ? 1 : wg_extents(t)[axis - lead], has = wg_extents(g)[axis];
        if (axis < lead || had != has)
            over.axes.axis[over.axes.count++] = (int8_t)axis;
        fits = had == has || had == 1;
    }
    if (!fits) {
        char a[200], b[200];
        wg_fail(WG_E_BUG, op->name, "%s: its backward gave a gradient of %s %s for an input of %s %s: a bug in the op", op->name,
                wg_dtype_name((wg_dtype)g->dtype), wg_shape_text(wg_shape_of(g), a, sizeof a), wg_dtype_name((wg_dtype)t->dtype),
                wg_shape_text(wg_shape_of(t), b, sizeof b));
        return NULL;
    }
    g = wg_sum_with(g, over);
    return g && lead > 0 ? wg_reshape(g, wg_shape_of(t)) : g;
}

wg_status wg_pass_sum(struct wg_pass *w, wg_tensor *t, wg_tensor *g)
{
    WG_TRY(wg_pass_touch(w, t));
    if (!t->adjoint || t->adjoint == WG_SYMBOLIC_ZERO) {
        wg_tensor *mine = wg_pass_owned(w, g);
        if (!mine)
            return WG_E_MEMORY;
        if (mine->tape)
            mine->flags &= (uint16_t)~WG_T_EXCLUSIVE; /* others may refer to it, so it may not be overwritten */
        t->adjoint = mine;
        return WG_OK;
    }
    if (g == WG_SYMBOLIC_ZERO)
        return WG_OK;
    wg_tensor *sum = wg_add(w->keeping ? t->adjoint : wg_donate(t->adjoint), g);
    if (!sum || !(sum = wg_pass_owned(w, sum)))
        return wg_error_cause();
    wg_pass_let_go(w, t->adjoint);
    t->adjoint = sum;
    return WG_OK;
}

/* A leaf may have several proxies. Adds the others' adjoints to t's and clears them, so that one proxy has the leaf's whole
   gradient. */
wg_status wg_pass_sum_up(struct wg_pass *w, wg_tensor *t)
{
    if (!(t->flags & WG_T_PROXY) || !t->twin || !t->adjoint)
        return WG_OK;
    for (struct wg_proxy_link *link = wg_proxies_of(w->th, t->from.leaf); link; link = link->older)
        if (link->proxy != t && link->proxy->adjoint) {
            WG_TRY(wg_pass_add(w, t, link->proxy->adjoint));
            wg_pass_let_go(w, link->proxy->adjoint);
            link->proxy->adjoint = NULL;
        }
    return WG_OK;
}
