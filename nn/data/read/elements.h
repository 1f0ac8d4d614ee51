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

#endif
