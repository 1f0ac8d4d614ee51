/* QR decomposition: a = q r by LAPACK's geqrf and orgqr, with signs such that r's diagonal is not negative. For a of full rank,
   with m = r r̄ᵀ - q̄ᵀ q and m' the symmetric matrix with m's lower triangle, the gradient is ā = (q̄ + q m') r⁻ᵀ. With x = qᵀ
   da r⁻¹ and e = its upper triangle plus the transpose of the part below its diagonal, the tangents are dr = e r and dq = da r⁻¹
   - q e. Source: Walter, Lehmann: Algorithmic differentiation of linear algebra functions with application in optimum
   experimental design, 2010. */
#include "ops/linalg/lapack.h"

enum { BLOCK = 32 }; /* LAPACK's block size: columns processed together, and rows of its workspace */

static int64_t work_size(int64_t n)
{
    return n > INT32_MAX / BLOCK ? n : n * BLOCK;
}

static void negate(wg_dtype dtype, void *array, int64_t first, int64_t count, int64_t step)
{
    for (int64_t k = 0; k < count; k++)
        wg_put(dtype, array, first + k * step, -wg_get(dtype, array, first + k * step));
}

static bool factor(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), q = wg_matrix_at(b, b->c->out[0], index);
    const struct wg_matrix r = wg_matrix_at(b, b->c->out[1], index);
    const lapack_int m = (lapack_int)a.rows, n = (lapack_int)a.columns, size = (lapack_int)work_size(n);
    void *array = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, m, n));
    void *tau = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, n, 1));
    void *work = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, size, 1));
    bool *negative = (bool *)(void *)workspace;
    (void)why;
    if (!wg_matrix_load(&a, WG_WHOLE, array)) {
        wg_matrix_fill(&q, (double)NAN);
        wg_matrix_fill(&r, (double)NAN);
        return true;
    }
    (void)LAPACK(a.dtype, geqrf, m, n, array, m, tau, work, size);
    for (int64_t i = 0; i < n; i++) {
        negative[i] = wg_get(a.dtype, array, i + i * m) < 0;
        if (negative[i])
            negate(a.dtype, array, i + i * m, n - i, m);
    }
    wg_matrix_store(&r, WG_UPPER, array, m);
    (void)LAPACK(a.dtype, orgqr, m, n, n, array, m, tau, work, size);
    for (int64_t j = 0; j < n; j++)
        if (negative[j])
            negate(a.dtype, array, j * m, m, 1);
    wg_matrix_store(&q, WG_WHOLE, array, m);
    return true;
}

/* 2mn² - 2n³/3 for r, and the same for q. */
static double flops(const wg_call *c)
{
    const int64_t *extent = wg_extents(c->in[0]) + c->in[0]->rank - 2;
    const double m = (double)extent[0], n = (double)extent[1];
    return 4 * n * n * (m - n / 3);
}

static wg_status forward(const wg_call *c)
{
    const int64_t *extent = wg_extents(c->in[0]) + c->in[0]->rank - 2, m = extent[0], n = extent[1];
    const wg_dtype dtype = (wg_dtype)c->dtype;
    struct wg_batch b = {.c = c, .one = factor, .flops = flops(c)};
    b.workspace = wg_workspace_for(wg_array_bytes(dtype, m, n)) + wg_workspace_for(wg_array_bytes(dtype, n, 1)) +
                  wg_workspace_for(wg_array_bytes(dtype, work_size(n), 1)) + wg_workspace_for((size_t)n * sizeof(bool));
    return wg_batch_run(&b, 2);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (a->rank < 2 || wg_extents(a)[a->rank - 2] < wg_extents(a)[a->rank - 1])
        return wg_call_error(c, WG_E_SHAPE, "expected matrices with at least as many rows as columns");
    if (wg_extents(a)[a->rank - 2] > WG_LAPACK_MOST)
        return wg_call_error(c, WG_E_SHAPE, "expected extents that fit LAPACK's 32-bit integers");
    for (int i = 0; i < 2; i++) {
        out[i].dtype = dtype;
        out[i].rank = a->rank;
        memcpy(out[i].extent, wg_extents(a), (size_t)a->rank * sizeof *out->extent);
    }
    out[1].extent[a->rank - 2] = out[1].extent[a->rank - 1];
    return WG_OK;
}

wg_status wg_qr(wg_tensor *a, wg_tensor **q, wg_tensor **r)
{
    wg_tensor *out[2] = {NULL, NULL};
    if (!q || !r)
        return wg_fail(WG_E_NULL, "qr", "qr: where q or r is to go is NULL");
    const wg_status status = wg_invoke(&wg_op_qr, NULL, &a, 1, out, 2);
    *q = out[0];
    *r = out[1];
    return status;
}

/* The symmetric matrix with x's lower triangle. */
static wg_tensor *mirror_lower(wg_tensor *x)
{
    return wg_add(wg_tril(x), wg_transposed(wg_tril(x, .offset = -1)));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *q = c->out[0], *r = c->out[1], *gq = gy[0], *gr = gy[1];
    wg_tensor *m = wg_absent(gr) ? WG_NONE : wg_matmul(r, wg_transposed(gr));
    if (!wg_absent(gq)) {
        wg_tensor *by_q = wg_neg(wg_matmul(wg_transposed(gq), q));
        m = wg_plus(m, by_q);
    }
    wg_tensor *sum = wg_plus(gq, wg_matmul(q, mirror_lower(m)));
    return WG_GIVE(gx[0], wg_transposed(wg_triangular_solve(r, wg_transposed(sum), .upper = true)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *q = c->out[0], *r = c->out[1];
    wg_tensor *da = wg_transposed(wg_triangular_solve(r, wg_transposed(tx[0]), .upper = true, .transposed = true)); /* da r⁻¹ */
    wg_tensor *x = wg_matmul(wg_transposed(q), da);
    wg_tensor *e = wg_add(wg_triu(x), wg_transposed(wg_tril(x, .offset = -1)));
    ty[0] = wg_sub(da, wg_matmul(q, e));
    ty[1] = wg_matmul(e, r);
    return ty[0] && ty[1] ? WG_OK : WG_E_NULL;
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_matrices(c, wg_matrix_count(c->in[0]), flops(c));
}

const struct wg_op wg_op_qr = {
    .name = WG_REGISTERED("qr"),
    .n_in = 1,
    .n_out = 2,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0) | WG_OUT(1),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES({"tall", {WG_DIMS(5, 3)}, .n = 1, .dominant = WG_IN(0)}, {"square", {WG_DIMS(3, 3)}, .n = 1, .dominant = WG_IN(0)},
               {"batch", {WG_DIMS(2, 3, 2)}, .n = 1, .dominant = WG_IN(0)}),
};
