/* Least squares. The Jacobian is made by rows, each a backward pass from one residual, or by columns, whichever are fewer: u ↦ Jᵀu is linear, so
   the derivative of its j-th element by u is the j-th column, which needs a backward pass through the recorded backward pass. */
#include "residuals.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static wg_status cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* A tensor like the residuals, or f64 (n), of which one element is 1. */
static wg_tensor *unit(wg_dtype dtype, wg_shape shape, int64_t i)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    if (t && dtype == WG_F32)
        wg_data_mut_as(t, float)[i] = 1;
    else if (t)
        wg_data_mut_as(t, double)[i] = 1;
    return t;
}

static wg_status fill_rows(struct residuals *l)
{
    wg_tensor *y = l->w->y;
    for (int64_t i = 0; i < l->m; i++) {
        wg_tensor *grad = unit(wg_dtype_of(y), wg_shape_of(y), i);
        if (!grad)
            return cause();
        wg_tensor *row = work_vjp(l->w, y, grad, false);
        if (!row)
            return cause();
        WG_TRY(wg_read_typed(row, l->j + i * l->n, WG_F64));
    }
    return WG_OK;
}

static wg_status fill_columns(struct residuals *l)
{
    wg_tensor *y = l->w->y, *u = wg_set_requires_grad(wg_zeros(wg_dtype_of(y), wg_shape_of(y)), true);
    wg_tensor *pulled = u ? work_vjp(l->w, y, u, true) : NULL;
    if (!pulled)
        return cause();
    for (int64_t j = 0; j < l->n; j++) {
        wg_tensor *grad = unit(WG_F64, WG_SHAPE(l->n), j);
        wg_tensor *column = grad ? wg_grad(pulled, u, .grad = grad, .unused = WG_UNUSED_ZEROS) : NULL;
        column = wg_cast(column, WG_F64);
        if (!column)
            return cause();
        WG_TRY(wg_read_typed(column, l->system, WG_F64)); /* l->system: m doubles for the moment */
        for (int64_t i = 0; i < l->m; i++)
            l->j[i * l->n + j] = l->system[i];
    }
    return WG_OK;
}

wg_status residuals_linearize(struct residuals *l)
{
    const int64_t m = l->m, n = l->n;
    WG_TRY(work_residuals(l->w, l->r));
    WG_TRY(m <= n ? fill_rows(l) : fill_columns(l));
    WG_TRY(work_reached(l->w));
    l->w->result.gradients++;
    l->w->result.products += m <= n ? m : n;
    memset(l->g, 0, (size_t)n * sizeof *l->g);
    for (int64_t i = 0; i < m; i++)
        combine(l->r[i], l->j + i * n, 1, l->g, n);
    return WG_OK;
}

wg_status residuals_first(struct residuals *l, struct work *w, double *f)
{
    *l = (struct residuals){.w = w, .n = w->n};
    WG_TRY(work_value(w, w->x, f));
    if (!isfinite(*f))
        return wg_error_set(WG_E_NUMERIC, w->op, "%s: expected a finite objective where the call begins, got %g", w->op, *f);
    w->result.first = w->result.f = *f;
    l->m = wg_numel(w->y);
    l->r = work_vector(w, l->m);
    l->g = work_vector(w, l->n);
    l->d = work_vector(w, l->n);
    l->j = work_matrix(w, l->m, l->n);
    l->system = work_matrix(w, l->m + l->n, l->n + 1);
    if (!l->r || !l->g || !l->d || !l->j || !l->system)
        return WG_E_MEMORY;
    WG_TRY(residuals_linearize(l));
    if (!isfinite(max_abs(l->j, l->m * l->n)))
        return wg_error_set(WG_E_NUMERIC, w->op, "%s: expected a finite Jacobian where the call begins", w->op);
    return WG_OK;
}

/* The matrix of the linear problem, (J; diag weight). */
static int64_t fill_system(struct residuals *l, const double *weight)
{
    const int64_t m = l->m, n = l->n;
    copy(l->system, l->j, m * n);
    if (!weight)
        return m;
    memset(l->system + m * n, 0, (size_t)(n * n) * sizeof(double));
    for (int64_t i = 0; i < n; i++)
        l->system[(m + i) * n + i] = weight[i];
    return m + n;
}

/* Whether column j of the system, whose R this is, is no combination of those before it, whatever its length. */
static bool is_apart(const double *r, int64_t n, int64_t j)
{
    double length = 0;
    for (int64_t i = 0; i <= j; i++)
        length = hypot(length, r[i * n + j]);
    return isfinite(length) && fabs(r[j * n + j]) > 1e-13 * length;
}

wg_status residuals_solve(struct residuals *l, const double *weight, bool *full)
{
    const int64_t n = l->n, rows = fill_system(l, weight);
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    wg_tensor *q, *r;
    WG_TRY(wg_qr(wg_from_bytes(l->system, WG_F64, WG_SHAPE(rows, n)), &q, &r));
    WG_TRY(wg_read_typed(r, l->system, WG_F64));
    *full = true;
    for (int64_t j = 0; j < n; j++)
        *full = *full && is_apart(l->system, n, j);
    if (!*full)
        return WG_OK;
    for (int64_t i = 0; i < rows; i++)
        l->system[i] = i < l->m ? -l->r[i] : 0;
    wg_tensor *b = wg_from_bytes(l->system, WG_F64, WG_SHAPE(rows, 1));
    wg_tensor *d = wg_triangular_solve(r, wg_matmul(wg_transpose(q, 0, 1), b), .upper = true);
    return d ? wg_read_typed(d, l->d, WG_F64) : cause();
}

double residuals_decrease(const struct residuals *l, double f)
{
    double model = 0;
    for (int64_t i = 0; i < l->m; i++) {
        const double r = l->r[i] + dot(l->j + i * l->n, l->d, l->n);
        model += r * r / 2;
    }
    return f - model;
}
