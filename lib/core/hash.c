/* Hash tables: growing and removing; hash.h has the rest. */
#include "core/hash.h"

#include <string.h>

#include "core/pool.h"

static uint64_t hash_of(const struct wg_hash *table, const struct wg_hash_kind *kind, const void *context, const void *key)
{
    return kind ? kind->hash(context, key) : wg_hash_address(table, key);
}

/* The slot of the key, or the empty slot for it. The table has slots. kind may be NULL. */
static struct wg_hash_slot *probe(const struct wg_hash *table, const struct wg_hash_kind *kind, const void *context,
                                  const void *key)
{
    size_t i = hash_of(table, kind, context, key) & (table->capacity - 1);
    for (const void *found; (found = table->slots[i].key) != NULL; i = (i + 1) & (table->capacity - 1))
        if (found == key || (kind && kind->same(context, found, key)))
            break;
    return &table->slots[i];
}

static wg_status reserve(struct wg_hash *table, size_t more, const struct wg_hash_kind *kind, const void *context)
{
    if (2 * (table->n + more) <= table->capacity)
        return WG_OK;
    struct wg_hash grown = {.capacity = table->capacity ? 2 * table->capacity : 64, .n = table->n};
    while (2 * (table->n + more) > grown.capacity)
        grown.capacity *= 2;
    grown.slots = wg_object_new(grown.capacity * sizeof *grown.slots);
    if (!grown.slots)
        return WG_E_MEMORY;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].key)
            *probe(&grown, kind, context, table->slots[i].key) = table->slots[i];
    wg_object_free(table->slots);
    *table = grown;
    return WG_OK;
}

wg_status wg_hash_reserve(struct wg_hash *table, size_t more)
{
    return reserve(table, more, NULL, NULL);
}

struct wg_hash_slot *wg_hash_slot_by(struct wg_hash *table, const struct wg_hash_kind *kind, const void *context, const void *key)
{
    return reserve(table, 1, kind, context) == WG_OK ? probe(table, kind, context, key) : NULL;
}

/* Without tombstones: later keys of the same run move back into the hole. */
void wg_hash_remove(struct wg_hash *table, struct wg_hash_slot *slot)
{
    size_t hole = (size_t)(slot - table->slots);
    const size_t mask = table->capacity - 1;
    for (size_t i = (hole + 1) & mask; table->slots[i].key; i = (i + 1) & mask) {
        const size_t first = wg_hash_address(table, table->slots[i].key) & mask;
        if (((i - first) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = (struct wg_hash_slot){.key = NULL};
    table->n--;
}

void wg_hash_clear(struct wg_hash *table)
{
    if (table->n > 0)
        memset(table->slots, 0, table->capacity * sizeof *table->slots);
    table->n = 0;
}

void wg_hash_free(struct wg_hash *table)
{
    wg_object_free(table->slots);
    *table = (struct wg_hash){.slots = NULL};
}
