/* What nn and optim share: a hash table that finds names, or addresses, in constant time. */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_table_slot {
    const void *key; /* NULL: free */
    uint64_t hash;
    size_t value;
};

/* Zeroed: empty. names: keys are strings, compared by what they say; else they are compared as addresses. Keys are not copied. */
struct wg_table {
    struct wg_table_slot *slot;
    size_t n, capacity; /* the latter a power of two or 0 */
    bool names;
};

/* Room for more keys; false for want of memory, and the table is as it was. */
bool wg_table_reserve(struct wg_table *table, size_t more);
/* The key's value, or NULL where there is no such key. Until the next wg_table_reserve. */
size_t *wg_table_find(const struct wg_table *table, const void *key);
/* Puts a key in, for which there is room, with that value; one that is there already stays as it is. */
void wg_table_add(struct wg_table *table, const void *key, size_t value);
void wg_table_clear(struct wg_table *table); /* keeps its room */
void wg_table_free(struct wg_table *table);

#endif
