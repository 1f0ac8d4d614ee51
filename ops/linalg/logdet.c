/* ln det a, by LAPACK's getrf: the sum of the logarithms of the pivots, in f64. ā = ȳ a⁻ᵀ, dy = tr(a⁻¹ da). */
#include "ops/linalg/lapack.h"

#include <stdio.h>

static bool sum_pivots(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), y = wg_number_at(b, b->c->out[0], index);
    const lapack_int n = (lapack_int)a.rows;
    void *lu = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, n, n));
    lapack_int *pivots = (lapack_int *)(void *)workspace;
    if (!wg_matrix_load(&a, WG_WHOLE, lu)) {
        wg_matrix_fill(&y, (double)NAN);
        return true;
    }
    const lapack_int info = n > 0 ? LAPACK(a.dtype, getrf, n, n, lu, n, pivots) : 0;
    if (info != 0) {
        snprintf(why, WG_WHY, "is singular: pivot %d is 0", (int)info - 1);
        return false;
    }
    bool negative = false;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double pivot = wg_get(a.dtype, lu, i + i * n);
        negative ^= (pivot < 0) ^ (pivots[i] != i + 1); /* exchanging rows changes the sign too */
        sum += log(fabs(pivot));
    }
    if (negative)
        snprintf(why, WG_WHY, "has a negative determinant, -exp(%.6g)", sum);
    else
        wg_matrix_fill(&y, sum);
    return !negative;
}

static int64_t rows(const wg_call *c)
{
    return wg_extents(c->in[0])[c->in[0]->rank - 1];
}

static double flops(const wg_call *c)
{
    const double n = (double)rows(c);
    return 2 * n * n * n / 3;
}

static wg_status forward(const wg_call *c)
{
    const int64_t n = rows(c);
    struct wg_batch b = {.c = c, .one = sum_pivots, .flops = flops(c)};
    b.workspace = wg_workspace_for(wg_array_bytes((wg_dtype)c->dtype, n, n)) + wg_workspace_for((size_t)n * sizeof(lapack_int));
    return wg_batch_run(&b, 0);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0];
    int64_t n;
    WG_TRY(wg_square_shape(c, WG_LAPACK_MOST, &n));
    out->dtype = (wg_dtype)a->dtype;
    out->rank = a->rank - 2;
    memcpy(out->extent, wg_extents(a), (size_t)out->rank * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_logdet(wg_tensor *a)
{
    return wg_invoke1(&wg_op_logdet, NULL, a);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *of_each = wg_unsqueeze(wg_unsqueeze(gy[0], -1), -1);
    return WG_GIVE(gx[0], wg_mul(of_each, wg_transposed(wg_inverse(c->in[0]))));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_sum(wg_diagonal(wg_solve(c->in[0], tx[0])), .axis = -1));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_matrices(c, wg_matrix_count(c->in[0]), flops(c));
    cost.add += (double)c->out[0]->numel * (double)rows(c);
    cost.transcendental = (double)c->out[0]->numel * (double)rows(c);
    return cost;
}

const struct wg_op wg_op_logdet = {
    .name = WG_REGISTERED("logdet"),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES({"4x4", {WG_DIMS(4, 4)}, .n = 1, .dominant = WG_IN(0)}, {"batch", {WG_DIMS(2, 3, 3)}, .n = 1, .dominant = WG_IN(0)}),
};
