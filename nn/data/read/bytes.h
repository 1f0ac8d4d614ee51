/* A whole file in memory. */
#ifndef NN_DATA_READ_BYTES_H
#define NN_DATA_READ_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "wengert/base.h"

struct bytes {
    unsigned char *data; /* freed by the caller; on failure too */
    size_t size, capacity;
};

/* Reads a file of at most max_bytes. gzip: one that is compressed is decompressed, to at most max_bytes. Memory: the file's size,
   or, where that is not known before, at most twice its contents. Errors name op and path: E_NULL, E_ARGUMENT, E_IO, E_MEMORY. */
wg_status bytes_read(struct bytes *bytes, const char *path, size_t max_bytes, bool gzip, const char *op);

#endif
