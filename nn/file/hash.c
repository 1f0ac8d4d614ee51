#include "hash.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "wengert/error.h"

wg_status file_hash_begin(struct file_hash *hash, const char *op)
{
    hash->state = aligned_alloc(64, sizeof(XXH3_state_t)); /* as its type asks */
    if (!hash->state)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    (void)XXH3_64bits_reset(hash->state); /* fails for no state alone, as the next does */
    return WG_OK;
}

void file_hash_add(struct file_hash *hash, const void *bytes, size_t size)
{
    (void)XXH3_64bits_update(hash->state, bytes, size);
}

void file_hash_end(struct file_hash *hash, char text[FILE_HASH_TEXT])
{
    snprintf(text, FILE_HASH_TEXT, "%016llx", (unsigned long long)XXH3_64bits_digest(hash->state));
    free(hash->state);
    hash->state = NULL;
}
