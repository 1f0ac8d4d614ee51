/* Leaves and their gradients. */
#include <string.h>

#include "core/internal.h"
#include "wengert/ops.h"

wg_tensor *wg_require_grad(wg_tensor *t, bool wanted)
{
    if (wg_check_handle(t, "require_grad", -1) != WG_OK)
        return NULL;
    if (wanted && t->dtype != WG_F32 && t->dtype != WG_F64) {
        wg_fail(WG_E_DTYPE, "require_grad", "require_grad: %s numbers have no gradient, f32 and f64 do",
                wg_dtype_name((wg_dtype)t->dtype));
        return NULL;
    }
    if ((t->flags & WG_T_NEEDS) && !(t->flags & WG_T_REQUIRES)) {
        wg_fail(WG_E_STATE, "require_grad",
                "require_grad: the tensor was computed from a leaf and passes its gradient on: "
                "detach it first, or ask wg_grad for its gradient");
        return NULL;
    }
    const unsigned set = WG_T_NEEDS | WG_T_REQUIRES;
    t->flags = (uint16_t)(wanted ? t->flags | set : t->flags & ~set);
    return t;
}

wg_tensor *wg_own(wg_tensor *t)
{
    if (wg_check_handle(t, "own", -1) != WG_OK)
        return NULL;
    if (!t->tape)
        return t;
    wg_tensor *own = wg_keep(t);
    if (own)
        wg_drop(t);
    return own;
}

bool wg_requires_grad(const wg_tensor *t)
{
    return t && t->state != WG_DEAD && (t->flags & WG_T_REQUIRES);
}

struct wg_leaf_gradient *wg_leaf_gradient_find(const wg_tensor *t)
{
    for (struct wg_leaf_gradient *entry = t->tape->gradients; entry; entry = entry->next)
        if (entry->leaf == t)
            return entry;
    return NULL;
}

wg_tensor *wg_leaf_gradient(const wg_tensor *leaf)
{
    if (leaf->flags & WG_T_PROXY)
        leaf = leaf->from.leaf;
    if (!leaf->tape)
        return ((const struct wg_value *)leaf)->gradient;
    const struct wg_leaf_gradient *entry = wg_leaf_gradient_find(leaf);
    return entry ? entry->gradient : NULL;
}

wg_tensor *wg_gradient(const wg_tensor *leaf)
{
    if (!leaf || leaf->state == WG_DEAD || leaf->state == WG_ABSENT || (leaf->tape && leaf->tape->thread != wg_self())) {
        wg_check_handle(leaf, "gradient", -1);
        return NULL;
    }
    return wg_leaf_gradient(leaf);
}

void wg_clear_gradient(wg_tensor *leaf)
{
    wg_tensor *gradient = leaf ? wg_gradient(leaf) : NULL;
    if (!gradient)
        return;
    if (leaf->tape && !(leaf->flags & WG_T_PROXY))
        wg_leaf_gradient_find(leaf)->gradient = NULL;
    else
        wg_value_of(leaf->flags & WG_T_PROXY ? leaf->from.leaf : leaf)->gradient = NULL;
    wg_value_unref(gradient);
}

wg_status wg_add_gradient(wg_tensor *leaf, const wg_tensor *g)
{
    WG_TRY(wg_check_handle(leaf, "add_gradient", 0));
    WG_TRY(wg_check_handle(g, "add_gradient", 1));
    if (!(leaf->flags & WG_T_REQUIRES) || leaf->tape)
        return wg_fail(WG_E_ARGUMENT, "add_gradient", "add_gradient: expected a leaf of the caller's that requires a gradient");
    if (!wg_same_dims(leaf, g) || leaf->dtype != g->dtype) {
        char a[200], b[200];
        return wg_fail(leaf->dtype != g->dtype ? WG_E_DTYPE : WG_E_SHAPE, "add_gradient",
                       "add_gradient: leaf %s %s, gradient %s %s", wg_dtype_name((wg_dtype)leaf->dtype),
                       wg_shape_text(wg_shape_of(leaf), a, sizeof a), wg_dtype_name((wg_dtype)g->dtype),
                       wg_shape_text(wg_shape_of(g), b, sizeof b));
    }
    struct wg_value *value = wg_value_of(leaf);
    if (value->gradient) {
        return wg_accumulate(value->gradient, (wg_tensor *)(uintptr_t)g);
    }
    WG_TRY(wg_may_write(wg_self(), "add_gradient"));
    wg_tensor *copy = wg_value_new(g->rank);
    if (!copy)
        return WG_E_MEMORY;
    copy->dtype = g->dtype;
    wg_set_dims(copy, g->rank, wg_extents(g), NULL);
    copy->storage = wg_storage_new((size_t)g->numel * wg_dtype_size((wg_dtype)g->dtype));
    if (!copy->storage) {
        wg_value_unref(copy);
        return WG_E_MEMORY;
    }
    copy->data = wg_storage_data(copy->storage);
    const wg_status status = wg_read_raw(g, copy->data);
    copy->flags |= WG_T_LENT;
    if (status == WG_OK)
        value->gradient = copy;
    else
        wg_value_unref(copy);
    return status;
}
