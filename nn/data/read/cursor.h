/* What all readers of binary formats share: a cursor that never leaves the bytes it was given, products that cannot wrap, and
   messages that name the operation, the file and the byte. */
#ifndef NN_DATA_READ_CURSOR_H
#define NN_DATA_READ_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wengert/tensor.h"

struct cursor {
    const unsigned char *bytes;
    size_t size, at;
    const char *op, *name; /* for messages: the function that was called, and the file */
};

/* "op: name, byte AT: what", as E_IO or as another code; returns the code. */
wg_status cursor_wrong(const struct cursor *c, size_t at, const char *format, ...) WG_PRINTF(3, 4);
wg_status cursor_wrong_as(wg_status code, const struct cursor *c, size_t at, const char *format, ...) WG_PRINTF(4, 5);

/* The next n bytes, which the cursor passes; or an error that says what they are. */
wg_status cursor_take(struct cursor *c, size_t n, const char *what, const unsigned char **bytes);

/* No bytes are left, or an error. */
wg_status cursor_end(const struct cursor *c);

uint64_t little_endian(const unsigned char *bytes, size_t n); /* n <= 8 */
uint64_t big_endian(const unsigned char *bytes, size_t n);

/* *bytes: the size of a tensor of this shape and of elements of that size. False if it, or the product of those extents that are
   not 0, is beyond 63 bits: a tensor without elements takes the same path as any other. Extents are at least 0. */
bool checked_bytes(const wg_shape *shape, size_t element, size_t *bytes);

/* A contiguous tensor, made like any other, and the address of its elements, all 0; NULL and the error on failure. */
wg_tensor *new_tensor(wg_dtype dtype, wg_shape shape, void **elements);
/* Gives back a tensor that the caller of a reader does not get. NULL and WG_NONE are allowed. */
void discard_tensor(wg_tensor *t);

#endif
