/* Where the bytes of a model file come from: a file, or memory. */
#ifndef NN_FILE_SOURCE_H
#define NN_FILE_SOURCE_H

#include "header.h"
#include "transfer.h"

struct source {
    const char *name, *op;
    int descriptor; /* -1: memory */
    const unsigned char *bytes;
    uint64_t size, data; /* of all; where the data begin */
    struct file_header header;
};

/* Reads the header, too. s->op and s->descriptor = -1 are set before; source_close follows in any case. */
wg_status source_open(struct source *s, const char *path, size_t max_header);
wg_status source_of_memory(struct source *s, const char *name, const void *bytes, size_t size, size_t max_header);
void source_close(struct source *s);

bool file_exists(const char *path); /* true also where the system cannot say */

wg_status source_no_memory(const struct source *s); /* records E_MEMORY */

/* A move of n bytes from the place at, of all. */
struct file_move source_move(const struct source *s, uint64_t at, void *to, size_t n);
wg_status source_read(const struct source *s, const struct file_move *moves, size_t n);

/* Reads the entry's elements and converts them to dtype, to which they can be. */
wg_status source_convert(const struct source *s, const struct file_entry *entry, wg_dtype dtype, void *elements);

#endif
