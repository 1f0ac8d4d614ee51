/* Planning a log: selects the launches that are needed and lays out their intermediate values in one block. A buffer is live
   from the first to the last unit that uses it. The largest buffers are placed first, in the order of their size; the small ones
   then share holes. */
#include "replay/plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- needed launches ---- */

static bool is_needed(const struct wg_log *log, const struct wg_launch *launch, const bool *read)
{
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const uint32_t buffer = WG_OPERAND(log, launch->operand + i)->buffer;
        if (buffer != WG_NO_BUFFER && wg_launch_writes(launch, i) && (WG_BUFFER(log, buffer)->kind != WG_INTERNAL || read[buffer]))
            return true;
    }
    return false;
}

/* Goes through the launches from the last to the first. A launch is needed if it writes a buffer that is not internal, or one
   that a needed launch reads. */
wg_status wg_plan_begin(struct wg_plan *plan, const struct wg_log *log)
{
    *plan = (struct wg_plan){.log = log};
    bool *read = wg_object_new(log->buffers.n + 1);
    plan->order = wg_object_new((log->launches.n + 1) * sizeof *plan->order);
    plan->at = wg_object_new((log->buffers.n + 1) * sizeof *plan->at);
    plan->slotted = wg_object_new(log->buffers.n + 1);
    plan->maker = wg_object_new((log->buffers.n + 1) * sizeof *plan->maker);
    if (!read || !plan->order || !plan->at || !plan->slotted || !plan->maker) {
        wg_object_free(read);
        return WG_E_MEMORY;
    }
    size_t first = log->launches.n;
    for (size_t i = log->launches.n; i-- > 0;) {
        const struct wg_launch *launch = WG_LAUNCH(log, i);
        if (!is_needed(log, launch, read))
            continue;
        plan->order[--first] = (uint32_t)i;
        for (unsigned k = 0; k < wg_launch_operands(launch); k++) {
            const uint32_t buffer = WG_OPERAND(log, launch->operand + k)->buffer;
            if (buffer != WG_NO_BUFFER && wg_launch_reads(launch, k))
                read[buffer] = true;
        }
    }
    wg_object_free(read);
    plan->n = log->launches.n - first;
    memmove(plan->order, plan->order + first, plan->n * sizeof *plan->order);
    return WG_OK;
}

void wg_plan_end(struct wg_plan *plan)
{
    wg_object_free(plan->order);
    wg_object_free(plan->at);
    wg_object_free(plan->slotted);
    wg_object_free(plan->maker);
    wg_array_free(&plan->units);
}

/* ---- holes (free ranges) of the block, sorted by address ---- */

struct range {
    size_t at, size;
};

/* Uses the smallest hole that is large enough. If there is none, the block grows, by what a hole at its end lacks. */
static wg_status take_hole(struct wg_array *holes, size_t *block, size_t size, size_t *at)
{
    struct range *best = NULL;
    for (size_t i = 0; i < holes->n && !(best && best->size == size); i++) {
        struct range *hole = WG_NTH(*holes, struct range, i);
        if (hole->size >= size && (!best || hole->size < best->size))
            best = hole;
    }
    if (!best) {
        best = holes->n ? WG_NTH(*holes, struct range, holes->n - 1) : NULL;
        if (!best || best->at + best->size != *block) {
            WG_TRY(wg_array_reserve(holes, 1, sizeof *best));
            best = WG_NTH(*holes, struct range, holes->n++);
            *best = (struct range){*block, 0};
        }
        *block += size - best->size;
        best->size = size;
    }
    *at = best->at;
    best->at += size;
    best->size -= size;
    if (best->size == 0) {
        struct range *end = WG_NTH(*holes, struct range, holes->n);
        memmove(best, best + 1, (size_t)((char *)end - (char *)(best + 1)));
        holes->n--;
    }
    return WG_OK;
}

static wg_status give_hole(struct wg_array *holes, size_t at, size_t size)
{
    WG_TRY(wg_array_reserve(holes, 1, sizeof(struct range)));
    size_t low = 0, high = holes->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (WG_NTH(*holes, struct range, middle)->at < at)
            low = middle + 1;
        else
            high = middle;
    }
    struct range *next = WG_NTH(*holes, struct range, low), *before = low ? next - 1 : NULL;
    const bool joins_next = low < holes->n && next->at == at + size, joins_before = before && before->at + before->size == at;
    if (joins_before && joins_next) {
        before->size += size + next->size;
        memmove(next, next + 1, (holes->n - low - 1) * sizeof *next);
        holes->n--;
    } else if (joins_before) {
        before->size += size;
    } else if (joins_next) {
        *next = (struct range){at, size + next->size};
    } else {
        memmove(next + 1, next, (holes->n - low) * sizeof *next);
        *next = (struct range){at, size};
        holes->n++;
    }
    return WG_OK;
}

/* ---- lifetimes ---- */

/* The buffers by the unit in which their lifetime begins, and by that in which it ends: linked lists of buffer indices + 1. */
struct lives {
    uint32_t *begin, *end;           /* for each unit: the first buffer of its list */
    uint32_t *next_begin, *next_end; /* for each buffer: the next one in the list */
};

static wg_status lives_new(struct lives *lives, size_t units, size_t buffers)
{
    uint32_t **list[] = {&lives->begin, &lives->end, &lives->next_begin, &lives->next_end};
    wg_status status = WG_OK;
    for (int i = 0; i < 4; i++) {
        *list[i] = wg_object_new(((i < 2 ? units : buffers) + 1) * sizeof **list[i]);
        status = *list[i] ? status : WG_E_MEMORY;
    }
    return status;
}

static void lives_free(struct lives *lives)
{
    wg_object_free(lives->begin);
    wg_object_free(lives->end);
    wg_object_free(lives->next_begin);
    wg_object_free(lives->next_end);
}

/* A buffer's lifetime begins at the first unit that uses it and ends at the last one; `last` is overwritten at each use. */
static wg_status find_lives(const struct wg_plan *plan, struct lives *lives)
{
    const struct wg_log *log = plan->log;
    uint32_t *unit_of = wg_object_new(2 * (log->buffers.n + 1) * sizeof *unit_of), *last = unit_of + log->buffers.n + 1;
    if (!unit_of)
        return WG_E_MEMORY;
    for (size_t u = 0; u < plan->units.n; u++) {
        const struct wg_unit *unit = WG_NTH(plan->units, struct wg_unit, u);
        for (size_t i = unit->first; i < unit->first + unit->n; i++) {
            const struct wg_launch *launch = WG_LAUNCH(log, plan->order[i]);
            for (unsigned k = 0; k < wg_launch_operands(launch); k++) {
                const uint32_t buffer = WG_OPERAND(log, launch->operand + k)->buffer;
                if (buffer == WG_NO_BUFFER || WG_BUFFER(log, buffer)->kind != WG_INTERNAL || plan->slotted[buffer])
                    continue;
                if (!unit_of[buffer]) {
                    unit_of[buffer] = (uint32_t)u + 1;
                    lives->next_begin[buffer] = lives->begin[u];
                    lives->begin[u] = buffer + 1;
                }
                last[buffer] = (uint32_t)u + 1;
            }
        }
    }
    for (size_t buffer = 0; buffer < log->buffers.n; buffer++)
        if (last[buffer]) {
            lives->next_end[buffer] = lives->end[last[buffer] - 1];
            lives->end[last[buffer] - 1] = (uint32_t)buffer + 1;
        }
    wg_object_free(unit_of);
    return WG_OK;
}

static size_t size_of(const struct wg_plan *plan, uint32_t buffer)
{
    return (WG_BUFFER(plan->log, buffer)->bytes + 64) & ~(size_t)63;
}

/* ---- the largest buffers: in descending order of size, each at the lowest address that is free for all of its lifetime ---- */

/* How many buffers are placed so. Each is compared with all before it, so the cost is quadratic in their number. */
enum { LARGEST = 1024 };

struct life {
    uint32_t buffer, first, last; /* first and last: units */
    size_t size, at;
};

static int by_size(const void *a, const void *b)
{
    const struct life *x = a, *y = b;
    return x->size != y->size ? (x->size < y->size ? 1 : -1) : (x->buffer > y->buffer) - (x->buffer < y->buffer);
}

static int by_address(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The lowest address at which buffer number `before` of the list overlaps none of the buffers placed earlier that are live at
   the same time. `taken` is a workspace for as many ranges. */
static size_t lowest_free(const struct life *life, size_t before, struct range *taken)
{
    const struct life *me = &life[before];
    size_t n = 0, at = 0;
    for (size_t i = 0; i < before; i++)
        if (life[i].first <= me->last && me->first <= life[i].last)
            taken[n++] = (struct range){life[i].at, life[i].size};
    qsort(taken, n, sizeof *taken, by_address);
    for (size_t i = 0; i < n && taken[i].at < at + me->size; i++)
        if (taken[i].at + taken[i].size > at)
            at = taken[i].at + taken[i].size;
    return at;
}

static wg_status list_lives(const struct wg_plan *plan, const struct lives *lives, struct wg_array *list)
{
    uint32_t *last = wg_object_new((plan->log->buffers.n + 1) * sizeof *last);
    wg_status status = last ? WG_OK : WG_E_MEMORY;
    for (size_t u = 0; u < plan->units.n && status == WG_OK; u++)
        for (uint32_t p = lives->end[u]; p; p = lives->next_end[p - 1])
            last[p - 1] = (uint32_t)u;
    for (size_t u = 0; u < plan->units.n && status == WG_OK; u++)
        for (uint32_t p = lives->begin[u]; p && status == WG_OK; p = lives->next_begin[p - 1]) {
            status = wg_array_reserve(list, 1, sizeof(struct life));
            if (status == WG_OK)
                *WG_NTH(*list, struct life, list->n++) = (struct life){p - 1, (uint32_t)u, last[p - 1], size_of(plan, p - 1), 0};
        }
    wg_object_free(last);
    return status;
}

/* laid: set to true for the buffers that this function places. */
static wg_status lay_largest(struct wg_plan *plan, const struct lives *lives, bool *laid)
{
    struct wg_array list = {NULL, 0, 0};
    struct range *taken = wg_object_new(LARGEST * sizeof *taken);
    wg_status status = taken ? list_lives(plan, lives, &list) : WG_E_MEMORY;
    struct life *life = list.at;
    if (status == WG_OK && list.n > 0)
        qsort(life, list.n, sizeof *life, by_size);
    for (size_t i = 0; i < list.n && i < LARGEST && status == WG_OK; i++) {
        life[i].at = plan->at[life[i].buffer] = lowest_free(life, i, taken);
        laid[life[i].buffer] = true;
        plan->block = life[i].at + life[i].size > plan->block ? life[i].at + life[i].size : plan->block;
    }
    wg_array_free(&list);
    wg_object_free(taken);
    return status;
}

/* The remaining buffers share holes in the part of the block behind the largest, in the order of execution. */
static wg_status lay_others(struct wg_plan *plan, const struct lives *lives, const bool *laid)
{
    struct wg_array holes = {NULL, 0, 0};
    const size_t behind = plan->block;
    size_t part = 0;
    wg_status status = WG_OK;
    for (size_t u = 0; u < plan->units.n && status == WG_OK; u++) {
        for (uint32_t p = lives->begin[u]; p && status == WG_OK; p = lives->next_begin[p - 1])
            if (!laid[p - 1])
                status = take_hole(&holes, &part, size_of(plan, p - 1), &plan->at[p - 1]);
        for (uint32_t p = lives->end[u]; p && status == WG_OK; p = lives->next_end[p - 1])
            if (!laid[p - 1]) {
                status = give_hole(&holes, plan->at[p - 1], size_of(plan, p - 1));
                plan->at[p - 1] += behind;
            }
    }
    plan->block += part;
    wg_array_free(&holes);
    return status;
}

wg_status wg_plan_memory(struct wg_plan *plan)
{
    struct lives lives;
    bool *laid = wg_object_new(plan->log->buffers.n + 1);
    wg_status status = lives_new(&lives, plan->units.n, plan->log->buffers.n);
    if (!laid)
        status = WG_E_MEMORY;
    if (status == WG_OK)
        status = find_lives(plan, &lives);
    if (status == WG_OK)
        status = lay_largest(plan, &lives, laid);
    if (status == WG_OK)
        status = lay_others(plan, &lives, laid);
    lives_free(&lives);
    wg_object_free(laid);
    return status;
}
