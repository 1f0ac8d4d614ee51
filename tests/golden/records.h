/* values.txt, read; its format stands in make.py. */
#ifndef GOLDEN_RECORDS_H
#define GOLDEN_RECORDS_H

#include "common.h"

enum { GOLDEN_MOST = 6 };

struct numbers {
    wg_shape shape;
    int64_t n;
    const double *at; /* NULL: nothing is recorded */
};

struct operand {
    char kind[16];
    double low, high;
    bool constant;
    struct numbers given; /* its shape is every kind's */
};

struct record {
    char name[64];
    int n_in, n_out;
    struct operand in[GOLDEN_MOST];
    struct numbers out[GOLDEN_MOST], grad[GOLDEN_MOST], second[GOLDEN_MOST];
};

/* All records of the file, which records_free gives back; a line that is none fails the test. */
struct record *records_read(const char *path, int *count);
void records_free(struct record *records, int count);

/* n numbers inside (low, high), the same as make.py's. */
void draws(double *to, int64_t n, const char *key, double low, double high);

/* Operand i of the record as a tensor; floats are of that dtype. */
wg_tensor *record_operand(const struct record *r, int i, wg_dtype dtype);

/* A tensor of floats, from doubles. */
wg_tensor *tensor_of(const double *numbers, wg_dtype dtype, wg_shape shape);

#endif
