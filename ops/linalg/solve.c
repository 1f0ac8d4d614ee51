/* Solves a x = b: LAPACK's getrf factors a with row exchanges, getrs finds x. b̄ solves aᵀ b̄ = x̄, and ā = -b̄ xᵀ. */
#include "ops/linalg/lapack.h"

#include <stdio.h>

/* At the front of a thread's workspace: which matrix is factored there. A matrix with several right-hand sides is factored once. */
struct factored {
    const char *of;
    bool finite;
};

static bool eliminate(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), rhs = wg_matrix_at(b, b->c->in[1], index);
    const struct wg_matrix x = wg_matrix_at(b, b->c->out[0], index);
    const lapack_int n = (lapack_int)a.rows;
    struct factored *factored = wg_workspace_cut(&workspace, sizeof *factored);
    void *lu = wg_workspace_cut(&workspace, wg_array_bytes(a.dtype, n, n));
    lapack_int *pivots = wg_workspace_cut(&workspace, (size_t)n * sizeof *pivots);
    if (factored->of != a.data) {
        factored->of = a.data;
        factored->finite = wg_matrix_load(&a, WG_WHOLE, lu);
        const lapack_int info = factored->finite ? LAPACK(a.dtype, getrf, n, n, lu, n, pivots) : 0;
        if (info != 0) {
            snprintf(why, WG_WHY, "is singular: pivot %d is 0", (int)info - 1);
            return false;
        }
    }
    if (!factored->finite) {
        wg_matrix_fill(&x, (double)NAN);
        return true;
    }
    wg_matrix_load(&rhs, WG_WHOLE, workspace);
    (void)LAPACK(a.dtype, getrs, 'N', n, (lapack_int)x.columns, lu, n, pivots, (void *)workspace, n);
    wg_matrix_store(&x, WG_WHOLE, workspace, n);
    return true;
}

static double rows(const wg_call *c)
{
    return (double)wg_extents(c->out[0])[c->out[0]->rank - 2];
}

static double columns(const wg_call *c)
{
    return (double)wg_extents(c->out[0])[c->out[0]->rank - 1];
}

static wg_status forward(const wg_call *c)
{
    const int64_t n = (int64_t)rows(c), k = (int64_t)columns(c);
    const wg_dtype dtype = (wg_dtype)c->dtype;
    struct wg_batch b = {.c = c, .one = eliminate, .flops = rows(c) * rows(c) * (2 * rows(c) / 3 + 2 * columns(c))};
    b.workspace = wg_workspace_for(sizeof(struct factored)) + wg_workspace_for(wg_array_bytes(dtype, n, n)) +
                  wg_workspace_for((size_t)n * sizeof(lapack_int)) + wg_workspace_for(wg_array_bytes(dtype, n, k));
    return wg_batch_run(&b, 2);
}

wg_tensor *wg_solve(wg_tensor *a, wg_tensor *b)
{
    return wg_invoke2(&wg_op_solve, NULL, a, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *gb = wg_solve(wg_transposed(c->in[0]), gy[0]);
    if (gx[0].need)
        WG_TRY(wg_give_product(&gx[0], wg_neg(gb), wg_transposed(c->out[0]), c->in[0]));
    return WG_GIVE(gx[1], gb);
}

/* dx solves a dx = db - da x. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *change = tx[1];
    if (!wg_absent(tx[0])) {
        wg_tensor *by_a = wg_neg(wg_matmul(tx[0], c->out[0]));
        change = wg_absent(tx[1]) ? by_a : wg_add(tx[1], by_a);
    }
    return wg_made(ty[0] = wg_solve(c->in[0], change));
}

/* 2n³/3 for each a, 2n² for each column of b. */
static wg_cost cost(const wg_call *c)
{
    const double n = rows(c), matrices = wg_matrix_count(c->in[0]);
    wg_cost cost = wg_cost_matrices(c, wg_matrix_count(c->out[0]), 2 * n * n * columns(c));
    if (c->out[0]->numel > 0) {
        cost.add += matrices * n * n * n / 3;
        cost.mul += matrices * n * n * n / 3;
    }
    return cost;
}

const struct wg_op wg_op_solve = {
    .name = WG_REGISTERED("solve"),
    .n_in = 2,
    .n_out = 1,
    .shape = wg_solve_shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_OUT(0),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES({"4x4", {WG_DIMS(4, 4), WG_DIMS(4, 2)}, .n = 2, .dominant = WG_IN(0)},
               {"square", {WG_DIMS(3, 3), WG_DIMS(3, 3)}, .n = 2, .dominant = WG_IN(0)},
               {"batch", {WG_DIMS(2, 3, 3), WG_DIMS(2, 3, 1)}, .n = 2, .dominant = WG_IN(0)},
               {"one matrix for all", {WG_DIMS(2, 2), WG_DIMS(3, 2, 2)}, .n = 2, .dominant = WG_IN(0)},
               {"one right side for all", {WG_DIMS(2, 1, 3, 3), WG_DIMS(2, 3, 2)}, .n = 2, .dominant = WG_IN(0)}),
};
