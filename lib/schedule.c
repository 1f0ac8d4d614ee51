/* The order in which packed scalar calls run is that of a list schedule: of the calls that are ready, the one with the longest way to the
   end is next; with it go all others that are ready with the same op and params, if they are many. So a long chain runs on and
   collects what hangs beside it, and a thousand equal terms run abreast. */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

enum { WIDE = 8 };

/* ---- values and keys ---- */

static size_t home_of(const struct wg_packing *p, const struct wg_operand *operand)
{
    const uint64_t h = ((uint64_t)operand->place * 0x9E3779B97F4A7C15u) ^ ((uint64_t)operand->offset * 0xC2B2AE3D27D4EB4Fu);
    return (h ^ h >> 31) & (p->homes.n - 1);
}

/* The number of what is brought in for that operand. */
static wg_status bring(struct wg_packing *p, const struct wg_operand *operand, uint32_t *value)
{
    size_t i = home_of(p, operand);
    for (uint32_t found; (found = *WG_AT(p->homes, uint32_t, i)) != 0; i = (i + 1) & (p->homes.n - 1)) {
        const struct wg_operand *other = *WG_AT(p->brought, const struct wg_operand *, found - 1);
        if (other->place == operand->place && other->offset == operand->offset &&
            wg_operand_size(p, other) == wg_operand_size(p, operand)) {
            *value = (uint32_t)p->n + found - 1;
            return WG_OK;
        }
    }
    WG_TRY(wg_array_room(&p->brought, 1, sizeof operand));
    *value = (uint32_t)(p->n + p->brought.n);
    *WG_AT(p->brought, const struct wg_operand *, p->brought.n++) = operand;
    *WG_AT(p->homes, uint32_t, i) = (uint32_t)p->brought.n;
    return WG_OK;
}

/* false: there are too many kinds of calls. */
static bool find_key(struct wg_packing *p, size_t m)
{
    const struct wg_launch *launch = wg_member(p, m);
    for (size_t k = 0; k < p->n_keys; k++) {
        const struct wg_launch *like = p->keys[k].like;
        if (like->op == launch->op && like->dtype == launch->dtype &&
            (like->params == launch->params ||
             (like->op->params_size && memcmp(like->params, launch->params, like->op->params_size) == 0))) {
            p->key[m] = (uint32_t)k;
            return true;
        }
    }
    if (p->n_keys == WG_MOST_KEYS)
        return false;
    p->key[m] = (uint32_t)p->n_keys;
    p->keys[p->n_keys++] = (struct wg_key){.like = launch, .row = wg_launch_row(p->plan->log, launch)};
    return true;
}

wg_status wg_packing_read(struct wg_packing *p, uint32_t *maker, bool *few)
{
    wg_status status = WG_OK;
    *few = true;
    for (size_t m = 0; m < p->n && status == WG_OK && *few; m++) {
        *few = find_key(p, m);
        for (unsigned i = 0; i < wg_member(p, m)->n_in && status == WG_OK; i++) {
            const struct wg_operand *operand = wg_member_operand(p, m, i + 1);
            if (maker[operand->place])
                p->source[m][i] = maker[operand->place] - 1;
            else
                status = bring(p, operand, &p->source[m][i]);
        }
        maker[wg_member_operand(p, m, 0)->place] = (uint32_t)m + 1;
    }
    return status;
}

static void link_consumers(struct wg_packing *p)
{
    for (size_t m = 0; m < p->n; m++)
        for (unsigned i = 0; i < wg_member(p, m)->n_in; i++)
            if (p->source[m][i] < p->n) {
                p->consumers[p->source[m][i] + 1]++;
                p->pending[m]++;
            }
    for (size_t m = 0; m < p->n; m++) {
        p->consumers[m + 1] += p->consumers[m];
        p->remaining[m] = p->consumers[m + 1];
    }
    for (size_t m = p->n; m-- > 0;)
        for (unsigned i = 0; i < wg_member(p, m)->n_in; i++) {
            const uint32_t s = p->source[m][i];
            if (s >= p->n)
                continue;
            p->consumer[--p->remaining[s]] = (uint32_t)m;
            p->height[s] = p->height[m] + 1 > p->height[s] ? p->height[m] + 1 : p->height[s];
        }
}

/* ---- the schedule ---- */

static bool higher(const struct wg_packing *p, uint32_t a, uint32_t b)
{
    return p->height[a] != p->height[b] ? p->height[a] > p->height[b] : a < b;
}

static wg_status push(struct wg_packing *p, uint32_t m)
{
    struct wg_key *key = &p->keys[p->key[m]];
    WG_TRY(wg_array_room(&p->heap, 1, sizeof m));
    WG_TRY(wg_array_room(&key->ready, 1, sizeof m));
    *WG_AT(key->ready, uint32_t, key->ready.n++) = m;
    key->waiting++;
    uint32_t *heap = p->heap.at;
    size_t i = p->heap.n++;
    for (; i > 0 && higher(p, m, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = m;
    return WG_OK;
}

static uint32_t pop(struct wg_packing *p)
{
    uint32_t *heap = p->heap.at;
    const uint32_t top = heap[0], last = heap[--p->heap.n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < p->heap.n; i = child) {
        if (child + 1 < p->heap.n && higher(p, heap[child + 1], heap[child]))
            child++;
        if (!higher(p, heap[child], last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

static void put_in_order(struct wg_packing *p, uint32_t m)
{
    p->done[m] = true;
    p->keys[p->key[m]].waiting--;
    *WG_AT(p->order, uint32_t, p->order.n++) = m;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The next call: that member, or all that are ready with its key. */
static wg_status run_next(struct wg_packing *p, uint32_t top)
{
    struct wg_key *key = &p->keys[p->key[top]];
    const size_t first = p->order.n;
    *WG_AT(p->starts, uint32_t, p->starts.n++) = (uint32_t)first;
    if (key->waiting < WIDE) {
        put_in_order(p, top);
    } else {
        for (size_t i = 0; i < key->ready.n; i++)
            if (!p->done[*WG_AT(key->ready, uint32_t, i)])
                put_in_order(p, *WG_AT(key->ready, uint32_t, i));
        key->ready.n = 0;
        qsort(WG_AT(p->order, uint32_t, first), p->order.n - first, sizeof(uint32_t), by_number);
    }
    for (size_t i = first; i < p->order.n; i++) {
        const uint32_t m = *WG_AT(p->order, uint32_t, i);
        p->call_of[m] = (uint32_t)p->starts.n - 1;
        for (uint32_t c = p->consumers[m]; c < p->consumers[m + 1]; c++)
            if (--p->pending[p->consumer[c]] == 0)
                WG_TRY(push(p, p->consumer[c]));
    }
    return WG_OK;
}

wg_status wg_packing_schedule(struct wg_packing *p)
{
    link_consumers(p);
    WG_TRY(wg_array_room(&p->order, p->n, sizeof(uint32_t)));
    WG_TRY(wg_array_room(&p->starts, p->n + 1, sizeof(uint32_t)));
    for (uint32_t m = 0; m < p->n; m++)
        if (p->pending[m] == 0)
            WG_TRY(push(p, m));
    while (p->heap.n > 0) {
        const uint32_t top = pop(p);
        if (!p->done[top])
            WG_TRY(run_next(p, top));
    }
    *WG_AT(p->starts, uint32_t, p->starts.n) = (uint32_t)p->order.n;
    return WG_OK;
}
