/* Small dense matrices. */
#include "dense.h"

bool cholesky(double *a, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        const double pivot = a[j * n + j] - dot(a + j * n, a + j * n, j);
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        const double root = sqrt(pivot);
        a[j * n + j] = root;
        for (int64_t i = j + 1; i < n; i++)
            a[i * n + j] = (a[i * n + j] - dot(a + i * n, a + j * n, j)) / root;
    }
    return true;
}

void cholesky_solve(const double *l, double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (x[i] - dot(l + i * n, x, i)) / l[i * n + i];
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] /= l[i * n + i];
        for (int64_t j = 0; j < i; j++)
            x[j] -= l[i * n + j] * x[i];
    }
}

/* Pivots of a matrix that is singular but for rounding are accepted only if they are larger than what rounding leaves. */
static bool is_well_conditioned(const double *l, const double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (l[i * n + i] * l[i * n + i] < 1e-15 * fabs(a[i * n + i]))
            return false;
    return true;
}

bool damped_solve(const double *a, double damping, const double *g, double *d, double *factor, int64_t n)
{
    double tau = damping, size = 0;
    for (int64_t i = 0; i < n; i++)
        size = fmax(size, max_abs(a + i * n, n));
    if (!isfinite(max_abs(a, n * n)))
        return false;
    for (int attempt = 0; attempt < 60; attempt++) {
        copy(factor, a, n * n);
        for (int64_t i = 0; i < n; i++)
            factor[i * n + i] += tau;
        if (cholesky(factor, n) && (tau > damping || is_well_conditioned(factor, a, n))) {
            for (int64_t i = 0; i < n; i++)
                d[i] = -g[i];
            cholesky_solve(factor, d, n);
            return true;
        }
        tau = fmax(4 * tau, 1e-8 * (size > 0 ? size : 1));
    }
    return false;
}

wg_status work_hessian(struct work *w, double *h)
{
    const int64_t n = w->n;
    double *unit = work_vector(w, n);
    if (!unit)
        return WG_E_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        unit[i] = 1;
        WG_TRY(work_product(w, unit, h + i * n));
        unit[i] = 0;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            h[i * n + j] = h[j * n + i] = (h[i * n + j] + h[j * n + i]) / 2;
    return WG_OK;
}
