/* Stability of a matrix, and the Lyapunov equation. */
#include <math.h>
#include <string.h>

#include "exact.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static double largest(const double *x, int64_t n)
{
    double size = 0;
    for (int64_t i = 0; i < n; i++)
        size = fmax(size, fabs(x[i]));
    return size;
}

/* By Gelfand's formula, |F^(2ᵏ)|^(1/2ᵏ): each squaring halves what is wrong with the logarithm, so that 60 leave rounding alone. F is scaled to
   largest element 1 before each, and what was taken out is kept as a logarithm. */
double exact_radius(double *matrix, double *work, int64_t n)
{
    double logarithm = 0, power = 1; /* F^power is e^(power · logarithm) times matrix */
    for (int k = 0; k < 60; k++) {
        const double size = largest(matrix, n * n);
        if (size == 0)
            return 0;
        logarithm += log(size) / power;
        for (int64_t i = 0; i < n * n; i++)
            matrix[i] /= size;
        memset(work, 0, (size_t)(n * n) * sizeof *work);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                for (int64_t l = 0; l < n; l++)
                    work[i * n + l] += matrix[i * n + j] * matrix[j * n + l];
        memcpy(matrix, work, (size_t)(n * n) * sizeof *work);
        power *= 2;
    }
    return exp(logarithm);
}

/* X = Σ (fᵀ)ᵏ s fᵏ, of which each doubling adds as many terms as there are. */
wg_tensor *exact_lyapunov(wg_tensor *f, wg_tensor *s)
{
    wg_tensor *x = s;
    for (int k = 0; k < 100 && x && f; k++) {
        wg_tensor *more = wg_matmul(wg_transpose(f, 0, 1), wg_matmul(x, f));
        if (!more)
            return NULL;
        wg_tensor *sum = wg_add(x, more), *added = wg_norm(more, .p = (double)INFINITY), *all = wg_norm(sum, .p = (double)INFINITY);
        const double part = added && all ? wg_item(added) : 0, whole = added && all ? wg_item(all) : 0;
        if (!added || !all)
            return NULL;
        x = sum;
        if (part <= 1e-19 * whole)
            return x;
        f = wg_matmul(f, f);
    }
    if (x && f)
        (void)wg_error_set(WG_E_NUMERIC, "rl_lyapunov", "the sum of costs did not converge in 2^100 steps");
    return NULL;
}
