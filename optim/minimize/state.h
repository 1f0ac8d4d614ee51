/* What a minimizer keeps from call to call, as named tensors: writing them from a state, reading a state from them. */
#ifndef OPTIM_MINIMIZE_STATE_H
#define OPTIM_MINIMIZE_STATE_H

#include "kind.h"

/* Tensors that are being made. The first failure is kept in status, and nothing more is done then. */
struct state_writer {
    wg_minimizer *m;
    wg_status status;
};

/* A new tensor, f64: a scalar (rank 0), a vector (n), or a matrix (rows, n). Its elements are to be filled; NULL: it failed. */
double *state_write(struct state_writer *w, const char *name, int rank, int64_t rows);
void state_write_scalar(struct state_writer *w, const char *name, double value);
void state_write_vector(struct state_writer *w, const char *name, const double *x);

/* Tensors that are being read. */
struct state_reader {
    const char *op;
    wg_tensor_list list;
    int64_t n;
    size_t used; /* of the list */
    wg_status status;
};

/* Reads n elements, or for a matrix *rows times n into memory of its own, which the caller frees. Nothing happens after a failure. */
double state_read_scalar(struct state_reader *r, const char *name);
int64_t state_read_count(struct state_reader *r, const char *name); /* a whole number that is not negative */
void state_read_vector(struct state_reader *r, const char *name, double *x);
double *state_read_matrix(struct state_reader *r, const char *name, int64_t *rows);

#endif
