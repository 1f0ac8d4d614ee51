/* Elements of a file in either byte order. */
#ifndef NN_DATA_READ_ELEMENTS_H
#define NN_DATA_READ_ELEMENTS_H

#include <stdbool.h>

#include "../../file/header.h"

struct element_type {
    enum file_dtype dtype;
    bool swapped; /* not in this machine's byte order */
};

/* n elements to the dtype that is their counterpart (file_dtype_here). */
void elements_read(struct element_type type, const unsigned char *bytes, void *elements, int64_t n);
/* The same as a tensor of that shape, of n elements. NULL and the error on failure. */
wg_tensor *elements_tensor(struct element_type type, const unsigned char *bytes, wg_shape shape, int64_t n);

/* The elements of a tensor in row-major order: where they are or, where that is another order, copied to a buffer that the caller
   frees. NULL and the error on failure. */
const void *elements_of(const wg_tensor *t, void **buffer, const char *op);

#endif
