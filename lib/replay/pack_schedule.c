/* The schedule of packed scalar calls. The next member to run is the ready member that comes first in the log. If at least WIDE
   members of the same kind (op, dtype, params) are ready, they run together in one call, up to MOST of them, so that their
   operands stay in the caches: a thousand equal terms run side by side, and their consumers follow soon. If fewer are ready, the
   member runs alone; if the preceding call made its first input, it is appended to that call as a chain. Members without
   consumers, such as the gradients beside a chain, wait until they fill a call. */
#include "replay/pack_schedule.h"

#include <string.h>

enum { WIDE = 8, MOST = 1024 };

/* ---- values and keys ---- */

static uint64_t hash_of_operand(const void *context, const void *key)
{
    const struct wg_operand *operand = key;
    (void)context;
    return wg_hash_mix(wg_hash_mix(0, operand->buffer), (uint64_t)operand->offset);
}

static bool same_operand(const void *context, const void *a, const void *b)
{
    const struct wg_operand *x = a, *y = b;
    return x->buffer == y->buffer && x->offset == y->offset && wg_operand_size(context, x) == wg_operand_size(context, y);
}

static const struct wg_hash_kind operand_kind = {hash_of_operand, same_operand};

/* The number of the value that is loaded for that operand. */
static wg_status bring(struct wg_packing *p, const struct wg_operand *operand, uint32_t *value)
{
    struct wg_hash_slot *slot = wg_hash_slot_by(&p->numbers, &operand_kind, p, operand);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        WG_TRY(wg_array_reserve(&p->brought, 1, sizeof operand));
        wg_hash_put(&p->numbers, slot, operand);
        slot->value.number = p->brought.n;
        *WG_NTH(p->brought, const struct wg_operand *, p->brought.n++) = operand;
    }
    *value = (uint32_t)(p->n + slot->value.number);
    return WG_OK;
}

/* Returns false if there are too many kinds of calls. */
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
    if (p->n_keys == WG_MAX_KEYS)
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
            if (maker[operand->buffer])
                p->source[m][i] = maker[operand->buffer] - 1;
            else
                status = bring(p, operand, &p->source[m][i]);
        }
        maker[wg_member_operand(p, m, 0)->buffer] = (uint32_t)m + 1;
    }
    return status;
}

static wg_status link_consumers(struct wg_packing *p)
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
    p->consumer = wg_object_new((p->consumers[p->n] + 1) * sizeof *p->consumer);
    if (!p->consumer)
        return WG_E_MEMORY;
    for (size_t m = p->n; m-- > 0;)
        for (unsigned i = 0; i < wg_member(p, m)->n_in; i++) {
            const uint32_t s = p->source[m][i];
            if (s < p->n)
                p->consumer[--p->remaining[s]] = (uint32_t)m;
        }
    return WG_OK;
}

/* ---- the schedule ---- */

static wg_status push(struct wg_packing *p, uint32_t m)
{
    struct wg_key *key = &p->keys[p->key[m]];
    struct wg_array *to = p->consumers[m] == p->consumers[m + 1] ? &key->ends : &key->ready;
    WG_TRY(wg_array_reserve(to, 1, sizeof m));
    uint32_t *heap = to->at;
    size_t i = to->n++;
    for (; i > 0 && m < heap[(i - 1) / 2]; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = m;
    return WG_OK;
}

static uint32_t pop(struct wg_array *from)
{
    uint32_t *heap = from->at;
    const uint32_t top = heap[0], last = heap[--from->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < from->n; i = child) {
        child += child + 1 < from->n && heap[child + 1] < heap[child];
        if (last < heap[child])
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

/* The heap with the next member; NULL if all have run. */
static struct wg_array *next_heap(struct wg_packing *p)
{
    struct wg_array *best = NULL, *ends = NULL;
    for (size_t k = 0; k < p->n_keys; k++) {
        struct wg_key *key = &p->keys[k];
        if (key->ends.n >= MOST)
            return &key->ends;
        if (key->ends.n > 0)
            ends = &key->ends;
        if (key->ready.n > 0 && (!best || *WG_NTH(key->ready, uint32_t, 0) < *WG_NTH(*best, uint32_t, 0)))
            best = &key->ready;
    }
    return best ? best : ends;
}

/* Whether m extends the last call as a chain: its first input is that call's last result, and no other input is made by that
   call. */
static bool goes_on(const struct wg_packing *p, uint32_t m)
{
    if (p->starts.n == 0)
        return false;
    const uint32_t call = (uint32_t)p->starts.n - 1, last = *WG_NTH(p->order, uint32_t, p->order.n - 1);
    const bool single = *WG_NTH(p->starts, uint32_t, call) + 1 == p->order.n;
    if (!(single || p->chained[call]) || p->key[last] != p->key[m] || p->source[m][0] != last)
        return false;
    for (unsigned i = 1; i < wg_member(p, m)->n_in; i++)
        if (p->source[m][i] < p->n && p->call_of[p->source[m][i]] == call)
            return false;
    return true;
}

static wg_status run_next(struct wg_packing *p, struct wg_array *heap)
{
    const size_t first = p->order.n, n = heap->n < WIDE ? 1 : heap->n < MOST ? heap->n : MOST;
    for (size_t i = 0; i < n; i++)
        *WG_NTH(p->order, uint32_t, first + i) = pop(heap);
    const uint32_t m = *WG_NTH(p->order, uint32_t, first);
    if (n == 1 && goes_on(p, m))
        p->chained[p->starts.n - 1] = true;
    else
        *WG_NTH(p->starts, uint32_t, p->starts.n++) = (uint32_t)first;
    p->order.n += n;
    for (size_t i = first; i < p->order.n; i++)
        p->call_of[*WG_NTH(p->order, uint32_t, i)] = (uint32_t)p->starts.n - 1;
    for (size_t i = first; i < p->order.n; i++) {
        const uint32_t made = *WG_NTH(p->order, uint32_t, i);
        for (uint32_t c = p->consumers[made]; c < p->consumers[made + 1]; c++)
            if (--p->pending[p->consumer[c]] == 0)
                WG_TRY(push(p, p->consumer[c]));
    }
    return WG_OK;
}

wg_status wg_packing_schedule(struct wg_packing *p)
{
    WG_TRY(link_consumers(p));
    WG_TRY(wg_array_reserve(&p->order, p->n, sizeof(uint32_t)));
    WG_TRY(wg_array_reserve(&p->starts, p->n + 1, sizeof(uint32_t)));
    for (uint32_t m = 0; m < p->n; m++)
        if (p->pending[m] == 0)
            WG_TRY(push(p, m));
    for (struct wg_array *heap; (heap = next_heap(p)) != NULL;)
        WG_TRY(run_next(p, heap));
    *WG_NTH(p->starts, uint32_t, p->starts.n) = (uint32_t)p->order.n;
    return WG_OK;
}
