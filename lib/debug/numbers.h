/* A hash table from pointers to numbers, with open addressing. It is allocated once, for the largest possible number of entries. */
#ifndef WG_NUMBERS_H
#define WG_NUMBERS_H

#include "core/internal.h"

enum { WG_NO_ITEM = -1 };

struct wg_numbers {
    const void **key;
    ptrdiff_t *number;
    size_t mask;
};

static inline wg_status wg_numbers_new(struct wg_numbers *map, size_t room)
{
    size_t capacity = 16;
    while (capacity < 2 * room)
        capacity *= 2;
    map->key = wg_object_new(capacity * sizeof *map->key);
    map->number = wg_object_new(capacity * sizeof *map->number);
    map->mask = capacity - 1;
    return map->key && map->number ? WG_OK : WG_E_MEMORY;
}

static inline void wg_numbers_free(struct wg_numbers *map)
{
    wg_object_free(map->key);
    wg_object_free(map->number);
}

/* The number of key. A new key is added with WG_NO_ITEM. */
static inline ptrdiff_t *wg_number_of(struct wg_numbers *map, const void *key)
{
    size_t i = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> 20 & map->mask;
    while (map->key[i] && map->key[i] != key)
        i = (i + 1) & map->mask;
    if (!map->key[i]) {
        map->key[i] = key;
        map->number[i] = WG_NO_ITEM;
    }
    return &map->number[i];
}

#endif
