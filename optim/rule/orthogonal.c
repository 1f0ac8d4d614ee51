/* Orthogonalisation by Newton-Schulz iterations. */
#include "orthogonal.h"

#include <math.h>

#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { ITERATIONS = 5 };

/* Of a matrix that has no more rows than columns. */
static wg_tensor *iterated(const struct step *s, wg_tensor *x, double eps)
{
    x = wg_div(x, wg_add_scalar(step_sqrt(s, step_total(x)), eps));
    for (int i = 0; i < ITERATIONS; i++) {
        wg_tensor *a = wg_matmul(x, wg_transpose(x, 0, 1));
        wg_tensor *b = wg_add(wg_mul_scalar(a, -4.7750), wg_mul_scalar(wg_matmul(a, a), 2.0315));
        x = wg_add(wg_mul_scalar(x, 3.4445), wg_matmul(b, x));
    }
    return x;
}

static int64_t columns_of(const wg_tensor *p)
{
    const int64_t rows = wg_extent(p, 0);
    return rows > 0 ? wg_numel(p) / rows : 0;
}

wg_tensor *orthogonal_factor(const struct step *s, wg_tensor *u, double eps)
{
    if (!u)
        return NULL;
    const wg_shape shape = wg_shape_of(u);
    const int64_t rows = wg_extent(u, 0), columns = columns_of(u);
    wg_tensor *x = wg_reshape(u, WG_SHAPE(rows, columns));
    x = rows > columns ? wg_transpose(iterated(s, wg_transpose(x, 0, 1), eps), 0, 1) : iterated(s, x, eps);
    return wg_reshape(x, shape);
}

double orthogonal_scale(const wg_tensor *p)
{
    const int64_t rows = wg_extent(p, 0), columns = columns_of(p);
    return sqrt(rows > columns && columns > 0 ? (double)rows / (double)columns : 1);
}
