/* The header of an IDX file, which the readers of IDX and of MNIST share. */
#ifndef NN_DATA_READ_IDX_H
#define NN_DATA_READ_IDX_H

#include "cursor.h"
#include "elements.h"

struct idx {
    struct element_type type;
    wg_shape shape;
    int64_t numel;
    const unsigned char *elements;
};

/* Checks the whole file at the cursor, to its end. */
wg_status idx_check(struct cursor *c, struct idx *idx);

#endif
