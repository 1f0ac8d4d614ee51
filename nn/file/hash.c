#include "hash.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

bool file_hash_available(void)
{
    return true;
}

bool file_hash_begin(struct file_hash *hash)
{
    hash->state = aligned_alloc(64, sizeof(XXH3_state_t)); /* as its type asks */
    return hash->state && XXH3_64bits_reset(hash->state) == XXH_OK;
}

void file_hash_add(struct file_hash *hash, const void *bytes, size_t size)
{
    (void)XXH3_64bits_update(hash->state, bytes, size); /* fails for no state alone */
}

void file_hash_end(struct file_hash *hash, char text[FILE_HASH_TEXT])
{
    if (text)
        snprintf(text, FILE_HASH_TEXT, "%016llx", (unsigned long long)XXH3_64bits_digest(hash->state));
    free(hash->state);
    hash->state = NULL;
}
