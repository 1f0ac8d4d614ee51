/* Symmetric eigendecomposition: s = (a + aᵀ)/2 = v diag(w) vᵀ, by LAPACK's syevd (divide and conquer). With f_ij = 1/(w_j -
   w_i), 0 on the diagonal, the gradient is ā = v (diag(w̄) + f ∘ vᵀ v̄) vᵀ. With p = vᵀ ds v the tangents are dw = the diagonal
   of p and dv = v (f ∘ p). Source: Giles: An extended collection of matrix derivative results for forward and reverse mode
   automatic differentiation, 2008. */
#include "ops/linalg/lapack.h"

#include <stdio.h>

enum { MOST = 32766 }; /* for a larger n the size of LAPACK's workspace overflows its integers */

static int64_t work_size(int64_t n)
{
    return 1 + 6 * n + 2 * n * n;
}

static int64_t integers_size(int64_t n)
{
    return 3 + 5 * n;
}

/* The sign of an eigenvector is arbitrary. This makes its largest component positive. Of components that are nearly as large as
   the largest the first decides, so that round-off does not. */
static void choose_sign(wg_dtype dtype, void *array, int64_t first, int64_t n)
{
    double most = 0;
    int64_t at = first;
    for (int64_t k = first; k < first + n; k++)
        if (fabs(wg_get(dtype, array, k)) > most)
            most = fabs(wg_get(dtype, array, k)); /* not fmax: gcc 12 fails to vectorise that for aarch64 */
    while (fabs(wg_get(dtype, array, at)) < 0.9 * most)
        at++;
    if (wg_get(dtype, array, at) < 0)
        for (int64_t k = first; k < first + n; k++)
            wg_put(dtype, array, k, -wg_get(dtype, array, k));
}

static bool decompose(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), w = wg_vector_at(b, b->c->out[0], index);
    const struct wg_matrix v = wg_matrix_at(b, b->c->out[1], index);
    const lapack_int n = (lapack_int)a.rows;
    void *array = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, n, n));
    void *values = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, n, 1));
    void *work = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, work_size(n), 1));
    lapack_int *integers = (lapack_int *)(void *)workspace;
    if (!wg_matrix_load_symmetric(&a, array)) {
        wg_matrix_fill(&w, (double)NAN);
        wg_matrix_fill(&v, (double)NAN);
        return true;
    }
    const lapack_int info = LAPACK(a.dtype, syevd, 'V', 'L', n, array, n, values, work, (lapack_int)work_size(n), integers,
                                   (lapack_int)integers_size(n));
    if (info != 0) {
        snprintf(why, WG_WHY, "has eigenvalues that did not converge");
        return false;
    }
    for (int64_t j = 0; j < n; j++)
        choose_sign(a.dtype, array, j * n, n);
    wg_matrix_store(&w, WG_WHOLE, values, n);
    wg_matrix_store(&v, WG_WHOLE, array, n);
    return true;
}

static int64_t rows(const wg_call *c)
{
    return wg_extents(c->in[0])[c->in[0]->rank - 1];
}

/* 4n³/3 for the tridiagonal form, at most 8n³/3 for its decomposition (it depends on the values), 2n³ for the vectors. */
static double flops(const wg_call *c)
{
    const double n = (double)rows(c);
    return 6 * n * n * n;
}

static wg_status forward(const wg_call *c)
{
    const int64_t n = rows(c);
    const wg_dtype dtype = (wg_dtype)c->dtype;
    struct wg_batch b = {.c = c, .one = decompose, .flops = flops(c)};
    b.workspace = wg_workspace_for(wg_array_bytes(dtype, n, n)) + wg_workspace_for(wg_array_bytes(dtype, n, 1)) +
                  wg_workspace_for(wg_array_bytes(dtype, work_size(n), 1)) +
                  wg_workspace_for((size_t)integers_size(n) * sizeof(lapack_int));
    return wg_batch_run(&b, 1);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0];
    int64_t n;
    WG_TRY(wg_square_shape(c, MOST, &n));
    for (int i = 0; i < 2; i++) {
        out[i].dtype = (wg_dtype)a->dtype;
        out[i].rank = a->rank - 1 + i;
        memcpy(out[i].extent, wg_extents(a), (size_t)out[i].rank * sizeof *out->extent);
    }
    return WG_OK;
}

wg_status wg_eigh(wg_tensor *a, wg_tensor **values, wg_tensor **vectors)
{
    wg_tensor *out[2] = {NULL, NULL};
    if (!values || !vectors)
        return wg_fail(WG_E_NULL, "eigh", "eigh: where the values or vectors are to go is NULL");
    const wg_status status = wg_invoke(&wg_op_eigh, NULL, &a, 1, out, 2);
    *values = out[0];
    *vectors = out[1];
    return status;
}

/* f ∘ x. On the diagonal 1/(0 + 1) - 1 = 0 avoids a division by 0. */
static wg_tensor *by_gaps(const wg_call *c, wg_tensor *x)
{
    wg_tensor *w = c->out[0], *one = wg_identity((wg_dtype)w->dtype, rows(c));
    wg_tensor *gap = wg_sub(wg_unsqueeze(w, -2), wg_unsqueeze(w, -1));
    return wg_mul(x, wg_sub(wg_reciprocal(wg_add(gap, one)), one));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *v = c->out[1], *inner = WG_NONE;
    if (!wg_absent(gy[1]))
        inner = by_gaps(c, wg_matmul(wg_transposed(v), gy[1]));
    if (!wg_absent(gy[0]))
        inner = wg_plus(inner, wg_diagonal_grad(gy[0], rows(c), rows(c), 0));
    return WG_GIVE(gx[0], wg_symmetric_part(wg_matmul(v, wg_matmul(inner, wg_transposed(v)))));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *v = c->out[1], *p = wg_matmul(wg_transposed(v), wg_matmul(wg_symmetric_part(tx[0]), v));
    ty[0] = wg_diagonal(p);
    ty[1] = wg_matmul(v, by_gaps(c, p));
    return ty[0] && ty[1] ? WG_OK : WG_E_NULL;
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_matrices(c, wg_matrix_count(c->in[0]), flops(c));
}

const struct wg_op wg_op_eigh = {
    .name = WG_REGISTERED("eigh"),
    .n_in = 1,
    .n_out = 2,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0) | WG_OUT(1),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES({"4x4", {WG_DIMS(4, 4)}, .n = 1, .low = {-3}, .high = {3}},
               {"batch", {WG_DIMS(2, 3, 3)}, .n = 1, .low = {-3}, .high = {3}}, {"2x2", {WG_DIMS(2, 2)}, .n = 1}),
};
