/* What the ops on LAPACK share: copies to and from column-major arrays, batches, errors, and parts of derivatives. */
#include "ops/linalg/lapack.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "wengert/runtime.h"

/* ---- copies ---- */

/* The first row of column j that is in the triangle. */
static inline int64_t first_row(enum wg_triangle part, int64_t j)
{
    return part == WG_LOWER ? j : 0;
}

static inline int64_t end_row(enum wg_triangle part, int64_t j, int64_t rows)
{
    return part == WG_UPPER && j + 1 < rows ? j + 1 : rows;
}

bool wg_matrix_load(const struct wg_matrix *m, enum wg_triangle part, void *array)
{
    bool finite = true;
    for (int64_t j = 0; j < m->columns; j++)
        for (int64_t i = first_row(part, j); i < end_row(part, j, m->rows); i++) {
            const double value = wg_get(m->dtype, m->data, i * m->row + j * m->column);
            finite = finite && isfinite(value);
            wg_put(m->dtype, array, i + j * m->rows, value);
        }
    return finite;
}

bool wg_matrix_load_symmetric(const struct wg_matrix *m, void *array)
{
    bool finite = true;
    for (int64_t j = 0; j < m->columns; j++)
        for (int64_t i = j; i < m->rows; i++) {
            const double below = wg_get(m->dtype, m->data, i * m->row + j * m->column);
            const double above = wg_get(m->dtype, m->data, j * m->row + i * m->column);
            finite = finite && isfinite(below) && isfinite(above);
            wg_put(m->dtype, array, i + j * m->rows, 0.5 * below + 0.5 * above);
        }
    return finite;
}

void wg_matrix_store(const struct wg_matrix *m, enum wg_triangle part, const void *array, int64_t rows)
{
    for (int64_t j = 0; j < m->columns; j++)
        for (int64_t i = 0; i < m->rows; i++) {
            const bool inside = i >= first_row(part, j) && i < end_row(part, j, m->rows);
            wg_put(m->dtype, m->data, i * m->row + j * m->column, inside ? wg_get(m->dtype, array, i + j * rows) : 0);
        }
}

void wg_matrix_fill(const struct wg_matrix *m, double value)
{
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t j = 0; j < m->columns; j++)
            wg_put(m->dtype, m->data, i * m->row + j * m->column, value);
}

/* ---- the matrices of a batch ---- */

/* The offset of matrix `index` of the batch: the sum of index times stride over t's leading axes, which broadcast to the batch. */
static int64_t along_batch(const struct wg_batch *b, const wg_tensor *t, int trailing, int64_t index, const int64_t *stride)
{
    const int lead = b->rank - (t->rank - trailing);
    int64_t sum = 0;
    for (int axis = b->rank - 1; axis >= 0; axis--) {
        const int64_t i = index % b->extent[axis];
        index /= b->extent[axis];
        if (axis >= lead && wg_extents(t)[axis - lead] != 1)
            sum += i * stride[axis - lead];
    }
    return sum;
}

static struct wg_matrix place(const struct wg_batch *b, const wg_tensor *t, int trailing, int64_t index)
{
    const int64_t offset = along_batch(b, t, trailing, index, wg_strides(t));
    struct wg_matrix m = {.dtype = (wg_dtype)t->dtype, .rows = 1, .columns = 1};
    m.data = t->data + offset * (int64_t)wg_dtype_size(m.dtype);
    return m;
}

struct wg_matrix wg_matrix_at(const struct wg_batch *b, const wg_tensor *t, int64_t index)
{
    struct wg_matrix m = place(b, t, 2, index);
    m.rows = wg_extents(t)[t->rank - 2];
    m.columns = wg_extents(t)[t->rank - 1];
    m.row = wg_strides(t)[t->rank - 2];
    m.column = wg_strides(t)[t->rank - 1];
    return m;
}

struct wg_matrix wg_vector_at(const struct wg_batch *b, const wg_tensor *t, int64_t index)
{
    struct wg_matrix m = place(b, t, 1, index);
    m.rows = wg_extents(t)[t->rank - 1];
    m.row = wg_strides(t)[t->rank - 1];
    return m;
}

struct wg_matrix wg_number_at(const struct wg_batch *b, const wg_tensor *t, int64_t index)
{
    return place(b, t, 0, index);
}

double wg_matrix_count(const wg_tensor *t)
{
    double count = 1;
    for (int axis = 0; axis < t->rank - 2; axis++)
        count *= (double)wg_extents(t)[axis];
    return count;
}

/* ---- workspaces ---- */

size_t wg_workspace_for(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

void *wg_workspace_cut(char **workspace, size_t bytes)
{
    char *at = *workspace;
    *workspace += wg_workspace_for(bytes);
    return at;
}

/* ---- batches ---- */

/* One thread's part of the batch; its workspace follows in memory. */
struct share {
    int64_t failed; /* the first matrix that failed, or -1 */
    char why[WG_WHY];
};

struct shares {
    const struct wg_batch *batch;
    char *block;
    size_t bytes; /* of a share with its workspace */
    int64_t n;
};

static struct share *share_at(const struct shares *s, int64_t k)
{
    return (struct share *)(void *)(s->block + (size_t)k * s->bytes);
}

static void run_shares(int64_t first, int64_t last, void *context)
{
    const struct shares *s = context;
    const struct wg_batch *b = s->batch;
    const int before = wg_library_threads(1);
    for (int64_t k = first; k < last; k++) {
        struct share *share = share_at(s, k);
        char *workspace = (char *)share + wg_workspace_for(sizeof *share);
        share->failed = -1;
        for (int64_t i = b->count * k / s->n; i < b->count * (k + 1) / s->n && share->failed < 0; i++)
            if (!b->one(b, i, workspace, share->why))
                share->failed = i;
    }
    wg_library_threads(before);
}

/* The error message names the matrix by its row-major index, from 0, among the matrices of in[0]. */
static wg_status no_answer(const struct wg_batch *b, const struct share *share)
{
    const wg_tensor *a = b->c->in[0];
    char text[WG_WHY + 80];
    int64_t stride[WG_MAX_RANK], count = 1;
    for (int axis = a->rank - 3; axis >= 0; axis--) {
        stride[axis] = count;
        count *= wg_extents(a)[axis];
    }
    if (a->rank == 2)
        snprintf(text, sizeof text, "the matrix %s", share->why);
    else
        snprintf(text, sizeof text, "matrix %lld of %lld %s", (long long)along_batch(b, a, 2, share->failed, stride),
                 (long long)count, share->why);
    return wg_call_error(b->c, WG_E_NUMERIC, text);
}

/* Works around OpenBLAS: at its first larger call it adopts OpenMP's number of threads, and if several threads do that at once
   it frees its buffers twice. A first call with one thread settles the number at 1 for good. */
static void settle_lapack(void)
{
    enum { N = 128 };
    double *identity = calloc(N * N, sizeof *identity);
    const int before = wg_library_threads(1);
    for (int i = 0; i < N && identity; i++)
        identity[i * (N + 1)] = 1;
    if (identity)
        LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', N, identity, N);
    wg_library_threads(before);
    free(identity);
}

static pthread_once_t settled = PTHREAD_ONCE_INIT;

wg_status wg_batch_run(struct wg_batch *b, int trailing)
{
    const wg_tensor *y = b->c->out[0];
    if (y->numel == 0)
        return WG_OK;
    (void)wg_kernel_family(); /* LAPACK may run on BLIS, which selects its kernels at its first call; wg_kernel_family makes the
                                 selection first */
    pthread_once(&settled, settle_lapack);
    b->rank = y->rank - trailing;
    b->count = 1;
    for (int axis = 0; axis < b->rank; axis++)
        b->count *= b->extent[axis] = wg_extents(y)[axis];
    const int64_t threads = wg_kernel_threads(b->flops * (double)b->count);
    struct shares s = {.batch = b, .n = threads < b->count ? threads : b->count};
    s.bytes = wg_workspace_for(sizeof(struct share)) + b->workspace;
    size_t bytes;
    if (__builtin_mul_overflow(s.bytes, (size_t)s.n, &bytes) || s.bytes < b->workspace)
        return wg_call_error(b->c, WG_E_MEMORY, "the work memory's size overflows");
    s.block = wg_object_new(bytes);
    if (!s.block)
        return WG_E_MEMORY;
    wg_parallel((int)s.n, s.n, run_shares, &s);
    wg_status status = WG_OK;
    for (int64_t k = 0; k < s.n && status == WG_OK; k++)
        if (share_at(&s, k)->failed >= 0)
            status = no_answer(b, share_at(&s, k));
    wg_object_free(s.block);
    return status;
}

/* ---- shape rules and costs ---- */

wg_status wg_square_shape(const wg_call *c, int64_t most, int64_t *n)
{
    const wg_tensor *a = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (a->rank < 2 || wg_extents(a)[a->rank - 1] != wg_extents(a)[a->rank - 2])
        return wg_call_error(c, WG_E_SHAPE, "expected square matrices");
    *n = wg_extents(a)[a->rank - 1];
    return *n <= most ? WG_OK : wg_call_error(c, WG_E_SHAPE, "expected extents that fit LAPACK's 32-bit integers");
}

wg_status wg_solve_shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *b = c->in[1];
    int64_t n = 0;
    WG_TRY(wg_same_float(c, &out->dtype));
    WG_TRY(wg_square_shape(c, WG_LAPACK_MOST, &n));
    if (b->rank < 2 || wg_extents(b)[b->rank - 2] != n)
        return wg_call_error(c, WG_E_SHAPE, "expected right-hand sides (…,n,k) of matrices (…,n,n)");
    if (wg_extents(b)[b->rank - 1] > WG_LAPACK_MOST)
        return wg_call_error(c, WG_E_SHAPE, "expected extents that fit LAPACK's 32-bit integers");
    WG_TRY(wg_broadcast_batches(c, out));
    out->extent[out->rank - 2] = n;
    out->extent[out->rank - 1] = wg_extents(b)[b->rank - 1];
    return WG_OK;
}

wg_cost wg_cost_matrices(const wg_call *c, double matrices, double flops)
{
    wg_cost cost = wg_cost_bytes(c);
    cost.add = cost.mul = matrices * flops / 2;
    return cost;
}

/* ---- for vjps and jvps ---- */

wg_tensor *wg_symmetric_part(wg_tensor *x)
{
    return wg_mul_scalar(wg_add(x, wg_transposed(x)), 0.5);
}

wg_tensor *wg_half_lower(wg_tensor *x)
{
    return wg_mul_scalar(wg_add(wg_tril(x), wg_tril(x, .offset = -1)), 0.5);
}

wg_tensor *wg_identity(wg_dtype dtype, int64_t n)
{
    return wg_diagonal_grad(wg_ones(dtype, WG_SHAPE(n)), n, n, 0);
}
