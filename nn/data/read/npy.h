/* The .npy format, of which an .npz archive has one file for each array. Source: NumPy enhancement proposal 1, R. Kern, 2007. */
#ifndef NN_DATA_READ_NPY_H
#define NN_DATA_READ_NPY_H

#include "cursor.h"
#include "elements.h"

struct npy {
    struct element_type type;
    bool fortran; /* the first index runs fastest */
    wg_shape shape;
    int64_t numel;
    const unsigned char *elements;
};

/* Checks the whole file at the cursor, to its end: the header, and that each element has a counterpart. */
wg_status npy_check(struct cursor *c, struct npy *npy);
/* Of what was checked. NULL and the error on failure. */
wg_tensor *npy_tensor(const struct npy *npy);

enum { NPY_MAX_HEADER = 384 };
/* The header of a tensor that is written in row-major order; returns its length, a multiple of 64. */
size_t npy_header(const wg_tensor *t, char header[NPY_MAX_HEADER]);

#endif
