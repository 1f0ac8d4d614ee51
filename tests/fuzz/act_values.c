/* Actions: making values, reading them, owning and releasing them. */
#include "world.h"

static void make(struct world *w)
{
    wg_tensor *t = adopt(w, fresh_value(w));
    say(w, "make %p\n", (void *)t);
}

static void require_grad(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "require_grad %p\n", (void *)t);
    judge(w, wg_set_requires_grad(t, chance(w, 85)) != NULL);
}

static void release(struct world *w)
{
    if (w->n == 0)
        return;
    const struct handle h = w->handle[below(w, w->n)];
    if (h.borrowed) /* a module's: the owner cannot be told from another */
        return;
    say(w, "free %p of tape %d\n", (void *)h.t, h.tape);
    const bool legal = h.tape == 0;
    wg_free(h.t);
    judge(w, legal);
    if (legal)
        forget(w, h.t);
}

static void drop(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "drop %p\n", (void *)t);
    wg_drop(t);
    judge(w, wg_error_first() == NULL);
}

static void hold(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "hold %p\n", (void *)t);
    judge(w, wg_hold(t) != NULL);
}

static void donate(struct world *w)
{
    say(w, "take\n");
    wg_donate(any_handle(w));
    judge(w, wg_error_first() == NULL);
}

static void keep(struct world *w)
{
    wg_tensor *t = any_handle(w), *kept = wg_keep(t);
    say(w, "keep %p: %p\n", (void *)t, (void *)kept);
    const int depth = w->depth;
    w->depth = 0; /* owned by the caller, whatever tape is open */
    const bool failed = depth > 0 && w->open[depth - 1].failed;
    adopt(w, kept);
    w->depth = depth;
    if (depth > 0)
        w->open[depth - 1].failed = failed || !kept;
}

static void look(struct world *w)
{
    char bytes[MOST_BYTES];
    wg_tensor *t = any_handle(w);
    say(w, "look %p\n", (void *)t);
    switch (below(w, 7)) {
    case 0:
        wg_rank(t), wg_numel(t), wg_dtype_of(t), wg_is_contiguous(t), wg_name_of(t), wg_shape_of(t);
        break;
    case 1:
        wg_item(t);
        break;
    case 2:
        wg_extent(t, below(w, 5) - 2), wg_stride(t, below(w, 5) - 2);
        break;
    case 3:
        wg_data(t);
        break;
    case 4:
        if (t && (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)) <= sizeof bytes)
            judged(w, wg_read_raw(t, bytes));
        break;
    case 5:
        wg_requires_grad(t);
        break;
    default:
        wg_gradient(t);
    }
    judge(w, wg_error_first() == NULL);
}

static void write_value(struct world *w)
{
    char bytes[MOST_BYTES] = {0};
    wg_tensor *t = any_handle(w);
    say(w, "write %p\n", (void *)t);
    if (!t || (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)) > sizeof bytes)
        return;
    judged(w, wg_write_raw(t, bytes));
    w->written = true;
}

static void name(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "name %p\n", (void *)t);
    judged(w, wg_set_name(t, "a name"));
}

static void clear_gradient(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "clear_gradient %p\n", (void *)t);
    if (t)
        wg_clear_gradient(t);
    judge(w, wg_error_first() == NULL);
}

static void add_gradient(struct world *w)
{
    wg_tensor *t = any_handle(w), *g = any_handle(w);
    say(w, "add_gradient %p %p\n", (void *)t, (void *)g);
    judged(w, wg_add_gradient(t, g));
    w->written = true; /* to a gradient for which there is no borrowed handle here, but which may have been kept */
}

static void modes(struct world *w)
{
    say(w, "modes\n");
    switch (below(w, 7)) {
    case 0:
        wg_grad_mode_set(chance(w, 60));
        break;
    case 1:
        wg_train_mode_set(chance(w, 60));
        break;
    case 2:
        wg_anomaly_set((wg_anomaly)below(w, 3));
        break;
    case 3:
        wg_check_mode_set(chance(w, 30));
        break;
    case 4:
        judged(w, wg_seed(draw(w) % 4, draw(w) % 4));
        break;
    case 5:
        judged(w, wg_set_threads(1 + below(w, 2)));
        break;
    default:
        if (judged(w, wg_section_push("section")) == WG_OK && chance(w, 80))
            wg_section_pop();
    }
}

static void short_of_memory(struct world *w)
{
    say(w, "the next allocations fail\n");
    wg_memory_fail(below(w, 6), chance(w, 20));
}

const struct action value_actions[] = {
    {"make", 14, make},
    {"require_grad", 6, require_grad},
    {"free", 2, release},
    {"drop", 2, drop},
    {"hold", 2, hold},
    {"take", 5, donate},
    {"keep", 3, keep},
    {"look", 4, look},
    {"write", 2, write_value},
    {"set_name", 1, name},
    {"clear_gradient", 1, clear_gradient},
    {"add_gradient", 1, add_gradient},
    {"modes", 3, modes},
    {"memory_fail", 3, short_of_memory},
    {0},
};
