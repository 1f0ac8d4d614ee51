/* Linear algebra by LAPACK on the matrices in a tensor's last two axes: what those ops share. LAPACK is called on column-major
   copies in the thread's workspace, one matrix per call and one thread per matrix, so that the bits depend neither on strides
   nor on the number of threads. Only the _work functions are called, which allocate nothing, and never with arguments for which
   LAPACK would exit the process. NaN and infinity are never passed, because some of LAPACK's loops would not end: a matrix that
   has them gives NaN throughout. */
#ifndef WG_LAPACK_H
#define WG_LAPACK_H

#include <lapacke.h>

#include "ops/op.h"

/* Calls LAPACK's function of that name for the dtype; the value is its info. */
#define LAPACK(dtype, name, ...)                                               \
    ((dtype) == WG_F64 ? LAPACKE_d##name##_work(LAPACK_COL_MAJOR, __VA_ARGS__) \
                       : LAPACKE_s##name##_work(LAPACK_COL_MAJOR, __VA_ARGS__))

/* A matrix in memory; strides in elements. A vector is a matrix of one column. */
struct wg_matrix {
    char *data;
    wg_dtype dtype;
    int64_t rows, columns, row, column;
};

/* Reads element k of an array as a double; writes one. */
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

/* ---- copies: the array is column-major, with consecutive columns `rows` elements apart ---- */

enum wg_triangle { WG_WHOLE, WG_LOWER, WG_UPPER };

/* Copies m, or its triangle; the rest of the array is unchanged. Returns false if an element is not finite. */
bool wg_matrix_load(const struct wg_matrix *m, enum wg_triangle part, void *array);
/* Likewise the lower triangle of (m + mᵀ)/2. */
bool wg_matrix_load_symmetric(const struct wg_matrix *m, void *array);
/* Stores into m, or its triangle, from an array with that many rows; the rest of m becomes 0. */
void wg_matrix_store(const struct wg_matrix *m, enum wg_triangle part, const void *array, int64_t rows);
void wg_matrix_fill(const struct wg_matrix *m, double value);

/* ---- batches ---- */

enum { WG_WHY = 120 };

struct wg_batch;
/* The work on matrix `index` of the batch. The thread's workspace is zero before its first matrix and keeps its contents between
   matrices. Returns false if the matrix has no result, with the reason in why, which follows "matrix 3 of 8 " in the message. */
typedef bool wg_one_matrix(const struct wg_batch *b, int64_t index, char *workspace, char *why);

struct wg_batch {
    const wg_call *c;
    wg_one_matrix *one;
    size_t workspace; /* bytes of workspace for one thread */
    double flops;     /* of one matrix, approximately: decides how many threads are used */

    int rank; /* of the batch: the leading axes of the results */
    int64_t extent[WG_MAX_RANK], count;
};

/* Runs `one` for each matrix. The batch's shape is that of out[0] without its last `trailing` axes, which belong to a matrix.
   E_NUMERIC for the first matrix without a result. */
wg_status wg_batch_run(struct wg_batch *b, int trailing);

/* Element `index` of the batch in t, whose leading axes broadcast to the batch. The last two axes are a matrix, the last one is
   a vector, or there are no further axes. */
struct wg_matrix wg_matrix_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);
struct wg_matrix wg_vector_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);
struct wg_matrix wg_number_at(const struct wg_batch *b, const wg_tensor *t, int64_t index);

/* _cut takes that many bytes, aligned, from the front of a workspace; _for returns the bytes that this uses up. */
void *wg_workspace_cut(char **workspace, size_t bytes);
size_t wg_workspace_for(size_t bytes);
/* The bytes of an array of a float dtype. */
static inline size_t wg_array_bytes(wg_dtype dtype, int64_t rows, int64_t columns)
{
    return (size_t)rows * (size_t)columns * wg_dtype_size(dtype);
}

/* ---- shape rules and costs ---- */

/* E_SHAPE or E_DTYPE unless in[0] is a float (…,n,n) with n ≤ most; sets *n. */
enum { WG_LAPACK_MOST = INT32_MAX };
wg_status wg_square_shape(const wg_call *c, int64_t most, int64_t *n);
/* The shape rule of a (…,n,n) and b (…,n,k), of one float dtype, to (…,n,k); leading axes broadcast. */
wg_status wg_solve_shape(const wg_call *c, wg_spec *out);

/* The cost of that many matrices with `flops` each, half additions and half multiplications, and the bytes. */
wg_cost wg_cost_matrices(const wg_call *c, double matrices, double flops);
/* The number of matrices in the last two axes of t. */
double wg_matrix_count(const wg_tensor *t);

/* ---- for vjps and jvps ---- */

wg_tensor *wg_symmetric_part(wg_tensor *x); /* (x + xᵀ)/2 */
wg_tensor *wg_half_lower(wg_tensor *x);     /* the lower triangle with half the diagonal */
wg_tensor *wg_identity(wg_dtype dtype, int64_t n);

#endif
