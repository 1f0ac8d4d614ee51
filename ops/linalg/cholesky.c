/* The Cholesky factor: L with L Lᵀ = s, s = (a + aᵀ)/2, by LAPACK's potrf. With Φ(x) the lower triangle of x with half its
   diagonal, the gradient is s̄ = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹ and the tangent dL = L Φ(L⁻¹ ds L⁻ᵀ). Source: Murray: Differentiation of the
   Cholesky decomposition, 2016. */
#include "ops/linalg/lapack.h"

#include <stdio.h>

static bool factor(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), l = wg_matrix_at(b, b->c->out[0], index);
    const lapack_int n = (lapack_int)a.rows;
    if (!wg_matrix_load_symmetric(&a, workspace)) {
        wg_matrix_fill(&l, (double)NAN);
        return true;
    }
    const lapack_int info = LAPACK(a.dtype, potrf, 'L', n, (void *)workspace, n);
    if (info == 0)
        wg_matrix_store(&l, WG_LOWER, workspace, n);
    else
        snprintf(why, WG_WHY, "is not positive definite: its leading minor of order %d is not", (int)info);
    return info == 0;
}

static double flops(const wg_call *c)
{
    const double n = (double)wg_extents(c->in[0])[c->in[0]->rank - 1];
    return n * n * n / 3;
}

static wg_status forward(const wg_call *c)
{
    const int64_t n = wg_extents(c->in[0])[c->in[0]->rank - 1];
    struct wg_batch b = {
        .c = c, .one = factor, .workspace = wg_workspace_for(wg_array_bytes((wg_dtype)c->dtype, n, n)), .flops = flops(c)};
    return wg_batch_run(&b, 2);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0];
    int64_t n;
    WG_TRY(wg_square_shape(c, WG_LAPACK_MOST, &n));
    out->dtype = (wg_dtype)a->dtype;
    out->rank = a->rank;
    memcpy(out->extent, wg_extents(a), (size_t)a->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_cholesky(wg_tensor *a)
{
    return wg_invoke1(&wg_op_cholesky, NULL, a);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *l = c->out[0];
    wg_tensor *left = wg_triangular_solve(l, wg_half_lower(wg_matmul(wg_transposed(l), gy[0])), .transposed = true);
    wg_tensor *both = wg_triangular_solve(l, wg_transposed(left), .transposed = true);
    return WG_GIVE(gx[0], wg_symmetric_part(both));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *l = c->out[0];
    wg_tensor *left = wg_triangular_solve(l, wg_symmetric_part(tx[0]));
    wg_tensor *both = wg_triangular_solve(l, wg_transposed(left));
    return wg_made(ty[0] = wg_matmul(l, wg_half_lower(both)));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_matrices(c, wg_matrix_count(c->out[0]), flops(c));
}

const struct wg_op wg_op_cholesky = {
    .name = WG_REGISTERED("cholesky"),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_OUT(0),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES({"4x4", {WG_DIMS(4, 4)}, .n = 1, .dominant = WG_IN(0)}, {"batch", {WG_DIMS(2, 3, 3)}, .n = 1, .dominant = WG_IN(0)},
               {"1x1", {WG_DIMS(1, 1)}, .n = 1, .low = {1}, .high = {2}}),
};
