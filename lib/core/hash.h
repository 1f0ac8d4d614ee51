/* A hash table with pointers as keys: open addressing, linear probing, at most half full. A key is identified by its address or,
   with a struct wg_hash_kind, by what it points to. A zeroed struct is an empty table. Its memory comes from the thread's pool. */
#ifndef WG_HASH_H
#define WG_HASH_H

#include <stdint.h>

#include "wengert/base.h"

struct wg_hash_slot {
    const void *key; /* NULL: the slot is empty */
    union {
        void *pointer;
        size_t number;
    } value;
};

struct wg_hash {
    struct wg_hash_slot *slots;
    size_t capacity, n; /* capacity: slots, a power of two or 0; n: keys */
};

/* How a table hashes and compares its keys. context is passed on by the function that uses the table. */
struct wg_hash_kind {
    uint64_t (*hash)(const void *context, const void *key);
    bool (*same)(const void *context, const void *a, const void *b);
};

/* WG_GOLDEN_RATIO: its fractional part, times 2^64. */
static const uint64_t WG_GOLDEN_RATIO = 0x9E3779B97F4A7C15u;
enum { WG_LINE_BYTES = 64, WG_PAGE_LINES = 64 };

/* Adds a word to a hash. */
static inline uint64_t wg_hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * WG_GOLDEN_RATIO;
    return hash ^ hash >> 29;
}

/* Adds a text, and where it ends. */
static inline uint64_t wg_hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = wg_hash_mix(hash, (unsigned char)*text);
    return wg_hash_mix(hash, 0x100);
}

/* The first slot to try for a key. Objects in one page of memory get slots in the order of their addresses, since they are mostly
   used in the order in which they were made. Pages are spread evenly (Knuth, The Art of Computer Programming 3, section 6.4:
   Fibonacci hashing), so that runs of slots in use stay short. */
static inline size_t wg_hash_address(const struct wg_hash *table, const void *key)
{
    const uint64_t line = (uintptr_t)key / WG_LINE_BYTES, page = line / WG_PAGE_LINES;
    const unsigned shift = (unsigned)__builtin_clzll(table->capacity) + 1; /* leaves as many bits as index the slots */
    return (page * WG_GOLDEN_RATIO >> shift) + line % WG_PAGE_LINES;
}

/* Makes space for more keys, which may move the slots; adding so many then cannot fail. WG_E_MEMORY leaves the table as it was. */
wg_status wg_hash_reserve(struct wg_hash *table, size_t more);

/* The slot of the key, or the empty slot for it. The table has slots. */
static inline struct wg_hash_slot *wg_hash_probe(const struct wg_hash *table, const void *key)
{
    size_t i = wg_hash_address(table, key) & (table->capacity - 1);
    while (table->slots[i].key && table->slots[i].key != key)
        i = (i + 1) & (table->capacity - 1);
    return &table->slots[i];
}

/* The slot of the key, or NULL if the table does not contain it. */
static inline struct wg_hash_slot *wg_hash_find(const struct wg_hash *table, const void *key)
{
    struct wg_hash_slot *slot = table->n > 0 ? wg_hash_probe(table, key) : NULL;
    return slot && slot->key ? slot : NULL;
}

/* The slot of the key, or an empty and zeroed slot, which wg_hash_put gives to the key. NULL and the error if there is no
   memory. */
static inline struct wg_hash_slot *wg_hash_slot_for(struct wg_hash *table, const void *key)
{
    if (2 * (table->n + 1) > table->capacity && wg_hash_reserve(table, 1) != WG_OK)
        return NULL;
    return wg_hash_probe(table, key);
}

/* The same for a table of a kind. */
struct wg_hash_slot *wg_hash_slot_by(struct wg_hash *table, const struct wg_hash_kind *kind, const void *context, const void *key);

/* Gives the empty slot for a key to it. The caller sets the value. */
static inline void wg_hash_put(struct wg_hash *table, struct wg_hash_slot *slot, const void *key)
{
    slot->key = key;
    table->n++;
}

void wg_hash_remove(struct wg_hash *table, struct wg_hash_slot *slot); /* of a table without a kind */
void wg_hash_clear(struct wg_hash *table);                             /* keeps the slots */
void wg_hash_free(struct wg_hash *table);

#endif
