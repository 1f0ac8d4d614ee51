/* A hash table with linear probing, at most half full. */
#include "common/table.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t h)
{
    h *= 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static uint64_t hash_of(const struct wg_table *table, const void *key)
{
    if (!table->names)
        return mix((uintptr_t)key >> 6);
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */
    for (const unsigned char *c = key; *c; c++)
        h = (h ^ *c) * 0x100000001B3u;
    return mix(h);
}

static bool is_same(const struct wg_table *table, const struct wg_table_slot *slot, const void *key, uint64_t hash)
{
    return slot->hash == hash && (table->names ? strcmp(slot->key, key) == 0 : slot->key == key);
}

/* The key's slot, or the free one where it would go. */
static struct wg_table_slot *slot_of(const struct wg_table *table, const void *key, uint64_t hash)
{
    size_t i = hash & (table->capacity - 1);
    while (table->slot[i].key && !is_same(table, &table->slot[i], key, hash))
        i = (i + 1) & (table->capacity - 1);
    return &table->slot[i];
}

bool wg_table_reserve(struct wg_table *table, size_t more)
{
    size_t capacity = table->capacity ? table->capacity : 8;
    while (capacity / 2 < table->n + more)
        capacity *= 2;
    if (capacity == table->capacity)
        return true;
    struct wg_table grown = {
        .slot = calloc(capacity, sizeof *grown.slot), .n = table->n, .capacity = capacity, .names = table->names};
    if (!grown.slot)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slot[i].key)
            *slot_of(&grown, table->slot[i].key, table->slot[i].hash) = table->slot[i];
    free(table->slot);
    *table = grown;
    return true;
}

size_t *wg_table_find(const struct wg_table *table, const void *key)
{
    if (table->n == 0)
        return NULL;
    struct wg_table_slot *slot = slot_of(table, key, hash_of(table, key));
    return slot->key ? &slot->value : NULL;
}

void wg_table_add(struct wg_table *table, const void *key, size_t value)
{
    const uint64_t hash = hash_of(table, key);
    struct wg_table_slot *slot = slot_of(table, key, hash);
    if (slot->key)
        return;
    *slot = (struct wg_table_slot){key, hash, value};
    table->n++;
}

void wg_table_clear(struct wg_table *table)
{
    if (table->slot)
        memset(table->slot, 0, table->capacity * sizeof *table->slot);
    table->n = 0;
}

void wg_table_free(struct wg_table *table)
{
    free(table->slot);
    *table = (struct wg_table){.names = table->names};
}
