/* Advancing stores: a store writes an external tensor once all that an update bracket computes is known. Where nothing in between reads
   that tensor or may fail, it runs at once behind the launch that computes its value, and so in that launch's group. */
#include "replay/plan.h"

/* The launches, keyed by the position of the launch behind which they run: their own, or an earlier one. Keys begin at 1. */
struct advancing {
    const struct wg_log *log;
    uint32_t *touched, *written; /* by buffer: the key of the last launch that uses it, or writes it */
    uint32_t barrier;            /* no store moves to a key below it */
};

static bool is_store(const struct wg_log *log, const struct wg_launch *launch)
{
    const struct wg_operand *target = WG_OPERAND(log, launch->operand);
    return wg_has_rows(launch->op) && launch->n_out == 1 && WG_BUFFER(log, target->buffer)->kind == WG_EXTERNAL;
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The key of a launch at this position, which it gets unless it is a store. */
static uint32_t key_of(const struct advancing *a, const struct wg_launch *launch, uint32_t position)
{
    uint32_t key = a->barrier;
    if (!is_store(a->log, launch))
        return position;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const uint32_t buffer = WG_OPERAND(a->log, launch->operand + i)->buffer;
        if (buffer != WG_NO_BUFFER)
            key = later(key, wg_launch_writes(launch, i) ? a->touched[buffer] : a->written[buffer]);
    }
    return key > 0 && key < position ? key : position;
}

static void note(struct advancing *a, const struct wg_launch *launch, uint32_t key)
{
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const uint32_t buffer = WG_OPERAND(a->log, launch->operand + i)->buffer;
        if (buffer == WG_NO_BUFFER)
            continue;
        a->touched[buffer] = later(a->touched[buffer], key);
        if (wg_launch_writes(launch, i))
            a->written[buffer] = later(a->written[buffer], key);
    }
    if (wg_launch_may_fail(launch) && !wg_launch_totals(a->log, launch)) /* a total is expected to join a group */
        a->barrier = later(a->barrier, key);
}

/* Sorts the launches by key, equal ones by position. */
static wg_status sort(struct wg_plan *plan, const uint32_t *key)
{
    uint32_t *from = wg_object_new((plan->n + 2) * sizeof *from), *order = wg_object_new((plan->n + 1) * sizeof *order);
    if (!from || !order) {
        wg_object_free(from), wg_object_free(order);
        return WG_E_MEMORY;
    }
    for (size_t i = 0; i < plan->n; i++)
        from[key[i] + 1]++;
    for (size_t k = 0; k <= plan->n; k++)
        from[k + 1] += from[k];
    for (size_t i = 0; i < plan->n; i++)
        order[from[key[i]]++] = plan->order[i];
    wg_object_free(from);
    wg_object_free(plan->order);
    plan->order = order;
    return WG_OK;
}

static void find_keys(struct advancing *a, const struct wg_plan *plan, uint32_t *key)
{
    size_t commit = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(a->log, plan->order[i]);
        for (; commit < a->log->commits.n && *WG_NTH(a->log->commits, size_t, commit) <= plan->order[i]; commit++)
            a->barrier = (uint32_t)i + 1; /* what follows a commit stays behind it */
        key[i] = key_of(a, launch, (uint32_t)i + 1);
        note(a, launch, key[i]);
    }
}

wg_status wg_plan_advance(struct wg_plan *plan)
{
    const size_t n = plan->log->buffers.n + 1;
    struct advancing a = {plan->log, wg_object_new(n * sizeof *a.touched), wg_object_new(n * sizeof *a.written), 0};
    uint32_t *key = wg_object_new((plan->n + 1) * sizeof *key);
    wg_status status = a.touched && a.written && key ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        find_keys(&a, plan, key);
        status = sort(plan, key);
    }
    wg_object_free(a.touched), wg_object_free(a.written), wg_object_free(key);
    return status;
}
