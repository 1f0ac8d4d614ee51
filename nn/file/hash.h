/* A hash of 64 bits, XXH3 (Collet), which tells damaged data from whole ones. It is no protection from an attacker. */
#ifndef NN_FILE_HASH_H
#define NN_FILE_HASH_H

#include <stddef.h>

#include "wengert/base.h"

/* The text of a hash: 16 hexadecimal digits. */
enum { FILE_HASH_TEXT = 17 };

struct file_hash {
    void *state;
};

wg_status file_hash_begin(struct file_hash *hash, const char *op); /* E_MEMORY; E_STATE: the library was built without xxhash */
void file_hash_add(struct file_hash *hash, const void *bytes, size_t size);
void file_hash_end(struct file_hash *hash, char text[FILE_HASH_TEXT]); /* ends what has begun */

#endif
