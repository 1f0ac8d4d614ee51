/* Solves a x = b, or aᵀ x = b, for triangular a, by LAPACK's trtrs. b̄ solves the transposed system for x̄; ā = -b̄ xᵀ (or -x
   b̄ᵀ for the transposed system), in the triangle that is read. */
#include "ops/linalg/lapack.h"

#include <stdio.h>

struct params {
    bool upper, transposed;
};

/* Can LAPACK read the matrix in place, as column-major with contiguous columns? */
static bool lies_in_columns(int64_t n, int64_t row, int64_t column)
{
    return row == 1 && column >= n && column <= WG_LAPACK_MOST;
}

static bool finite_triangle(const struct wg_matrix *a, bool upper)
{
    for (int64_t i = 0; i < a->rows; i++)
        for (int64_t j = upper ? i : 0; j < (upper ? a->rows : i + 1); j++)
            if (!isfinite(wg_get(a->dtype, a->data, i * a->row + j * a->column)))
                return false;
    return true;
}

static bool substitute(const struct wg_batch *b, int64_t index, char *workspace, char *why)
{
    const struct params *p = b->c->params;
    const struct wg_matrix a = wg_matrix_at(b, b->c->in[0], index), rhs = wg_matrix_at(b, b->c->in[1], index);
    const struct wg_matrix x = wg_matrix_at(b, b->c->out[0], index);
    const int64_t n = a.rows;
    const bool by_rows = !lies_in_columns(n, a.row, a.column) && lies_in_columns(n, a.column, a.row);
    const bool as_it_lies = by_rows || lies_in_columns(n, a.row, a.column);
    void *solution = wg_workspace_cut(&workspace, wg_array_bytes(x.dtype, n, x.columns));
    if (!finite_triangle(&a, p->upper)) {
        wg_matrix_fill(&x, (double)NAN);
        return true;
    }
    if (!as_it_lies)
        wg_matrix_load(&a, p->upper ? WG_UPPER : WG_LOWER, workspace);
    wg_matrix_load(&rhs, WG_WHOLE, solution);
    const int64_t leading = !as_it_lies ? n : by_rows ? a.row : a.column;
    const lapack_int info = LAPACK(a.dtype, trtrs, p->upper != by_rows ? 'U' : 'L', p->transposed != by_rows ? 'T' : 'N', 'N',
                                   (lapack_int)n, (lapack_int)x.columns, (void *)(as_it_lies ? a.data : workspace),
                                   (lapack_int)leading, solution, (lapack_int)n);
    if (info == 0)
        wg_matrix_store(&x, WG_WHOLE, solution, n);
    else
        snprintf(why, WG_WHY, "is singular: element %d of its diagonal is 0", (int)info - 1);
    return info == 0;
}

/* n² for each column of the result. */
static double flops(const wg_call *c)
{
    const wg_tensor *x = c->out[0];
    const double n = (double)wg_extents(x)[x->rank - 2];
    return n * n * (double)wg_extents(x)[x->rank - 1];
}

static wg_status forward(const wg_call *c)
{
    const wg_tensor *x = c->out[0];
    const int64_t n = wg_extents(x)[x->rank - 2], k = wg_extents(x)[x->rank - 1];
    const wg_dtype dtype = (wg_dtype)c->dtype;
    struct wg_batch b = {.c = c, .one = substitute, .flops = flops(c)};
    b.workspace = wg_workspace_for(wg_array_bytes(dtype, n, k)) + wg_workspace_for(wg_array_bytes(dtype, n, n));
    return wg_batch_run(&b, 2);
}

wg_tensor *wg_triangular_solve_with(wg_tensor *a, wg_tensor *b, wg_triangular_solve_options options)
{
    const struct params p = {.upper = options.upper, .transposed = options.transposed};
    return wg_invoke2(&wg_op_triangular_solve, &p, a, b);
}

/* The triangle of x that the op reads. */
static wg_tensor *triangle(const struct params *p, wg_tensor *x)
{
    return p->upper ? wg_triu(x) : wg_tril(x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    wg_tensor *x = c->out[0], *gb = wg_triangular_solve(c->in[0], gy[0], .upper = p->upper, .transposed = !p->transposed);
    if (gx[0].need) {
        wg_tensor *product = p->transposed ? wg_matmul(x, wg_transposed(gb)) : wg_matmul(gb, wg_transposed(x));
        WG_TRY(wg_give(&gx[0], wg_neg(triangle(p, product))));
    }
    return WG_GIVE(gx[1], gb);
}

/* dx solves a dx = db - da x. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct params *p = c->params;
    wg_tensor *change = wg_absent(tx[1]) ? WG_NONE : tx[1];
    if (!wg_absent(tx[0])) {
        wg_tensor *da = triangle(p, tx[0]), *by_a = wg_neg(wg_matmul(p->transposed ? wg_transposed(da) : da, c->out[0]));
        change = wg_absent(change) ? by_a : wg_add(change, by_a);
    }
    return wg_made(ty[0] = wg_triangular_solve(c->in[0], change, .upper = p->upper, .transposed = p->transposed));
}

/* If no stride is 0, only one triangle of a counts as read. */
static wg_cost cost(const wg_call *c)
{
    const wg_tensor *a = c->in[0];
    const int64_t n = wg_extents(a)[a->rank - 1], *stride = wg_strides(a) + a->rank - 2;
    wg_cost cost = wg_cost_matrices(c, wg_matrix_count(c->out[0]), flops(c));
    const wg_call alone = {.op = c->op, .in = c->in, .out = c->out, .n_in = 1, .n_out = c->n_out};
    if (n > 0 && stride[0] != 0 && stride[1] != 0)
        cost.bytes_read -= wg_cost_bytes(&alone).bytes_read * (double)(n - 1) / (double)(2 * n);
    return cost;
}

#define TRIANGLE(...)                \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_triangular_solve = {
    .name = WG_REGISTERED("triangular_solve"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM_UNLESS(0, BOOL, struct params, upper), WG_PARAM_UNLESS(0, BOOL, struct params, transposed)),
    .n_in = 2,
    .n_out = 1,
    .shape = wg_solve_shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_OUT(0),
    .flags = WG_OP_UNCOUNTED,
    WG_SAMPLES(
        {"lower", {WG_DIMS(4, 4), WG_DIMS(4, 2)}, .n = 2, .dominant = WG_IN(0), TRIANGLE(.upper = false)},
        {"upper", {WG_DIMS(3, 3), WG_DIMS(3, 3)}, .n = 2, .dominant = WG_IN(0), TRIANGLE(.upper = true)},
        {"lower transposed", {WG_DIMS(2, 3, 3), WG_DIMS(2, 3, 1)}, .n = 2, .dominant = WG_IN(0), TRIANGLE(.transposed = true)},
        {"broadcast",
         {WG_DIMS(2, 2), WG_DIMS(3, 1, 2, 2)},
         .n = 2,
         .dominant = WG_IN(0),
         TRIANGLE(.upper = true, .transposed = true)},
        {"one right side for all", {WG_DIMS(2, 3, 3), WG_DIMS(3, 2)}, .n = 2, .dominant = WG_IN(0), TRIANGLE(.upper = true)}),
};
