/* Linear algebra on the matrices in a tensor's last two axes, by LAPACK: what the ops share. LAPACK is called on column-major copies
   in the thread's own room, one matrix a call on one thread, so that the bits depend neither on strides nor on how many threads work
   on a batch; with the _work functions, which allocate nothing; and never with arguments that it would stop the process for. It is
   never shown NaN or infinity either, on which some of its loops do not end: such a matrix gives NaN throughout. */
#ifndef WG_LAPACK_H
#define WG_LAPACK_H

#include <lapacke.h>

#include "ops/op.h"

/* LAPACK's function of that name for a dtype; gives its info. */
#define LAPACK(dtype, name, ...)                                               \
    ((dtype) == WG_F64 ? LAPACKE_d##name##_work(LAPACK_COL_MAJOR, __VA_ARGS__) \
                       : LAPACKE_s##name##_work(LAPACK_COL_MAJOR, __VA_ARGS__))

/* A matrix in memory; strides in elements. A vector is a column. */
struct wg_matrix {
    char *data;
    wg_dtype dtype;
    int64_t rows, columns, row, column;
};

/* Element k of an array, as a double; and back. */
static inline double wg_get(wg_dtype dtype, const void *data, int64_t k)
{
    return dtype == WG_F64 ? ((const double *)data)[k] : (double)((const float *)data)[k];
}

static inline void wg_put(wg_dtype dtype, void *data, int64_t k, double value)
{
    if (dtype == WG_F64)
        ((double *)data)[k] = value;
    else
        ((float *)data)[k] = (float)value;
}

/* ---- copies: the array is column-major, its columns lie rows elements apart ---- */

enum wg_triangle { WG_WHOLE, WG_LOWER, WG_UPPER };

/* Copies m, or its triangle, the rest of the array being left as it is. False if a number was not finite. */
bool wg_matrix_load(const struct wg_matrix *m, enum wg_triangle part, void *array);
/* The same with (m + mᵀ)/2, its lower triangle. */
bool wg_matrix_load_symmetric(const struct wg_matrix *m, void *array);
/* m, or its triangle, from an array with that many rows; zeros elsewhere. */
void wg_matrix_store(const struct wg_matrix *m, enum wg_triangle part, const void *array, int64_t rows);
void wg_matrix_fill(const struct wg_matrix *m, double value);

/* ---- batches ---- */

enum { WG_WHY = 120 };

struct wg_batch;
/* The work on one matrix, number index of the batch, in room, which keeps what the thread's last matrix left there and was zero
   before its first. False if it has no answer: why says so, after "matrix 3 of 8 ". */
typedef bool wg_one_matrix(const struct wg_batch *b, int64_t index, char *workspace, char *why);

struct wg_batch {
    const wg_call *c;
    wg_one_matrix *one;
    size_t workspace; /* bytes that one thread works in */
    double flops;     /* of one matrix, about */

    int rank; /* of the batch: the results' leading axes */
    int64_t extent[WG_MAX_RANK], count;
};

/* Runs one for each matrix. The batch's shape is that of out[0] without its last `trailing` axes, which are one matrix's. The first
   matrix without an answer is E_NUMERIC. */
wg_status wg_batch_run(struct wg_batch *b, int trailing);

/* Number index of the batch in t, whose leading axes broadcast to it; whose last two axes are a matrix, whose last one a vector, or
   which has no others. */
struct wg_matrix wg_matrix_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);
struct wg_matrix wg_vector_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);
struct wg_matrix wg_number_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);

/* Cuts the next bytes off a room, aligned; and how many bytes of room that takes. */
void *wg_workspace_cut(char **workspace, size_t bytes);
size_t wg_workspace_for(size_t bytes);
/* Of an array of a float dtype. */
static inline size_t wg_array_bytes(wg_dtype dtype, int64_t rows, int64_t columns)
{
    return (size_t)rows * (size_t)columns * wg_dtype_size(dtype);
}

/* ---- shape rules and costs ---- */

/* in[0] is a float (…,n,n), n at most `most`, which is in *n. */
enum { WG_LAPACK_MOST = INT32_MAX };
wg_status wg_square_shape(const wg_call *c, int64_t most, int64_t *n);
/* a (…,n,n) and b (…,n,k) of one float dtype give (…,n,k), the leading axes broadcast. */
wg_status wg_solve_shape(const wg_call *c, wg_spec *out);

/* Half of flops additions, half multiplications for each of that many matrices; and the bytes. */
wg_cost wg_cost_matrices(const wg_call *c, double matrices, double flops);
/* How many matrices are in the last two axes of t. */
double wg_matrix_count(const wg_tensor *t);

/* ---- for vjps and jvps ---- */

wg_tensor *wg_symmetric_part(wg_tensor *x); /* (x + xᵀ)/2 */
wg_tensor *wg_half_lower(wg_tensor *x);     /* the lower triangle with half the diagonal */
wg_tensor *wg_identity(wg_dtype dtype, int64_t n);

#endif
