/* Numbers of pointers: a hash table whose memory is reserved once, for the largest possible number of entries, so that a new key
   cannot fail. */
#ifndef WG_NUMBERS_H
#define WG_NUMBERS_H

#include "core/hash.h"

enum { WG_NO_ITEM = -1 };

/* The number of key. A new key is added with WG_NO_ITEM. */
static inline ptrdiff_t *wg_number_of(struct wg_hash *numbers, const void *key)
{
    struct wg_hash_slot *slot = wg_hash_probe(numbers, key);
    ptrdiff_t *number = (ptrdiff_t *)&slot->value.number; /* signed here */
    if (!slot->key) {
        wg_hash_put(numbers, slot, key);
        *number = WG_NO_ITEM;
    }
    return number;
}

#endif
