/* Who owns a tensor and for how long: freeing, dropping, keeping beyond the tape; and names. */
#include <string.h>

#include "internal.h"

void wg_free(wg_tensor *t)
{
    if (!t || t->state == WG_ABSENT)
        return;
    if (t->state == WG_DEAD || t->tape) {
        if (t->state == WG_DEAD)
            wg_fail(WG_E_DANGLING, "free", "free: the tensor was freed before, or its tape is closed");
        else
            wg_fail(WG_E_ARGUMENT, "free", "free: the tensor belongs to a tape and dies with it");
        return;
    }
    wg_value_unref(t);
}

void wg_drop(wg_tensor *t)
{
    if (!t || !t->tape || t->state != WG_LIVE || (t->flags & (WG_T_PROXY | WG_T_HOLD | WG_T_REQUIRES)))
        return;
    if ((t->flags & WG_T_SAVED) || t->tape->trace)
        t->state = WG_DROPPED;
    else
        wg_release_value(t);
}

wg_tensor *wg_hold(wg_tensor *t)
{
    if (wg_check_handle(t, "hold", -1) != WG_OK)
        return NULL;
    t->flags |= WG_T_HOLD;
    return t;
}

wg_tensor *wg_take(wg_tensor *t)
{
    if (t && t->state == WG_LIVE && t->tape && !t->tape->thread->no_take)
        t->flags |= WG_T_TAKE;
    return t;
}

/* Visits the leaves behind t: found(leaf of the caller's) for each leaf that a gradient would reach, and for what kept tensors hide. */
static wg_status leaves_behind(struct wg_thread *th, wg_tensor *t, struct wg_value *kept, wg_tensor **list, size_t *n)
{
    const uint64_t walk = ++th->walk;
    if (!t->from.node || (t->flags & WG_T_PROXY))
        return WG_OK;
    t->from.node->mark = walk;
    struct wg_node *node = t->from.node;
    for (wg_tape *tape = t->tape; tape; tape = tape->below, node = tape ? tape->last : NULL)
        for (; node; node = node->prev) {
            if (node->mark != walk || (node->call.op->flags & WG_CUT))
                continue;
            for (int i = 0; i < node->call.n_in; i++) {
                wg_tensor *in = node->call.in[i];
                if (!(in->flags & WG_T_PROXY)) {
                    if (in->from.node)
                        in->from.node->mark = walk;
                    continue;
                }
                wg_tensor *leaf = in->from.leaf;
                if (node->needs && (in->flags & WG_T_REQUIRES) && leaf != &kept->t)
                    list ? (void)(list[(*n)++] = leaf) : (void)++*n;
                const struct wg_value *hidden = wg_value_of(leaf);
                for (size_t k = 0; k < hidden->n_behind; k++)
                    list ? (void)(list[(*n)++] = hidden->behind[k]) : (void)++*n;
            }
        }
    return WG_OK;
}

static wg_status remember_leaves(struct wg_thread *th, wg_tensor *t, struct wg_value *kept)
{
    size_t n = 0;
    if (!t->tape || (t->flags & WG_T_PROXY))
        return WG_OK;
    WG_TRY(leaves_behind(th, t, kept, NULL, &n));
    if (n == 0)
        return WG_OK;
    kept->behind = wg_object_new(n * sizeof *kept->behind);
    if (!kept->behind)
        return WG_E_MEMORY;
    size_t found = 0;
    WG_TRY(leaves_behind(th, t, kept, kept->behind, &found));
    for (size_t i = 0; i < found; i++) { /* each once, with a reference */
        bool seen = false;
        for (size_t k = 0; k < kept->n_behind && !seen; k++)
            seen = kept->behind[k] == kept->behind[i];
        if (seen)
            continue;
        kept->behind[kept->n_behind++] = kept->behind[i];
        atomic_fetch_add_explicit(&wg_value_of(kept->behind[i])->refs, 1, memory_order_relaxed);
    }
    return WG_OK;
}

wg_tensor *wg_keep(wg_tensor *t)
{
    struct wg_thread *th = wg_self();
    if (!th || wg_check_handle(t, "keep", -1) != WG_OK)
        return NULL;
    wg_tensor *kept = wg_value_new(t->rank);
    if (!kept)
        return NULL;
    kept->dtype = t->dtype;
    wg_set_dims(kept, t->rank, wg_extents(t), wg_strides(t));
    if (remember_leaves(th, t, wg_value_of(kept)) != WG_OK) {
        wg_value_unref(kept);
        return NULL;
    }
    kept->data = t->data;
    kept->storage = t->storage;
    wg_storage_ref(t->storage);
    return kept;
}

/* ---- names ---- */

wg_status wg_set_name(wg_tensor *t, const char *name)
{
    WG_TRY(wg_check_handle(t, "set_name", -1));
    if (!name)
        return wg_fail(WG_E_NULL, "set_name", "set_name: the name is NULL");
    const size_t size = strlen(name) + 1;
    if (t->tape) {
        struct wg_label *label = wg_tape_alloc(t->tape, sizeof *label + size);
        if (!label)
            return WG_E_MEMORY;
        label->tensor = t;
        label->next = t->tape->labels;
        memcpy(label->text, name, size);
        t->tape->labels = label;
        return WG_OK;
    }
    char *copy = wg_object_new(size);
    if (!copy)
        return WG_E_MEMORY;
    memcpy(copy, name, size);
    wg_object_free(wg_value_of(t)->name);
    wg_value_of(t)->name = copy;
    return WG_OK;
}

const char *wg_name_of(const wg_tensor *t)
{
    if (!wg_has_shape(t, "name_of"))
        return "";
    if (t->flags & WG_T_PROXY)
        t = t->from.leaf;
    if (!t->tape) {
        const char *name = ((const struct wg_value *)t)->name;
        return name ? name : "";
    }
    for (const struct wg_label *label = t->tape->labels; label; label = label->next)
        if (label->tensor == t)
            return label->text;
    return "";
}
