/* Taylor polynomials along a line. The k-th derivative of L(x + t d) by t is the (k-1)-st differentiated by x, along d. */
#include <math.h>
#include <string.h>

#include "frame.h"

enum { MAX_DEGREE = 30 };

/* Σ gᵢ dᵢ over the parameters, recorded. g is overwritten. */
static wg_tensor *along(struct study *s, wg_tensor **g, wg_tensor *const *d)
{
    wg_tensor *sum = NULL;
    for (size_t i = 0; i < s->loss->params.n; i++) {
        wg_tensor *part = wg_cast(wg_sum(wg_mul(g[i], d[i])), WG_F64);
        sum = i > 0 ? wg_add(sum, part) : part;
        if (!sum)
            return NULL;
    }
    return sum;
}

/* The direction's parts, which stay while s->part changes. */
static wg_status split(struct study *s, wg_tensor *d)
{
    WG_NO_GRAD;
    if (!d)
        return study_cause();
    WG_TRY(study_split(s, d));
    memcpy(s->direction, s->part, s->loss->params.n * sizeof *s->part);
    return WG_OK;
}

static wg_tensor *polynomial(struct study *s, int degree)
{
    const wg_tensor_list params = s->loss->params;
    wg_tensor *table = wg_zeros(WG_F64, WG_SHAPE(degree + 1)), *y = s->y;
    double *coefficient = table ? wg_data_mut_as(table, double) : NULL, factorial = 1;
    if (!coefficient)
        return NULL;
    coefficient[0] = s->value;
    for (int k = 1; k <= degree; k++) {
        if (wg_grad_many(y, params.tensor, params.n, s->part, .create_graph = true, .unused = WG_UNUSED_ZEROS) != WG_OK ||
            !(y = along(s, s->part, s->direction)))
            return NULL;
        factorial *= k;
        coefficient[k] = wg_item(y) / factorial;
        if (!isfinite(coefficient[k])) {
            (void)wg_error_set(WG_E_NUMERIC, s->op, "%s: derivative %d is %g", s->op, k, wg_item(y));
            return NULL;
        }
    }
    return table;
}

wg_tensor *wg_study_taylor(const wg_study_loss *loss, wg_tensor *d, int degree)
{
    struct study s;
    wg_tensor *table = NULL;
    wg_status status = study_begin_along(&s, "study_taylor", loss, &d, d != WG_NONE, "d", STUDY_GRADIENT);
    if (status == WG_OK && (degree < 0 || degree > MAX_DEGREE))
        status = wg_error_set(WG_E_ARGUMENT, s.op, "%s: expected a degree in [0, %d], got %d", s.op, MAX_DEGREE, degree);
    if (status == WG_OK)
        status = split(&s, d == WG_NONE ? wg_ones(WG_F64, WG_SHAPE(s.size)) : d);
    if (status == WG_OK)
        table = polynomial(&s, degree);
    return study_end(&s, table);
}

double wg_study_taylor_at(const wg_tensor *coefficients, double t)
{
    static const char op[] = "study_taylor_at";
    const double *c = wg_data(coefficients) ? wg_data_as(coefficients, double) : NULL;
    double sum = 0;
    if (!c)
        return (double)NAN;
    if (wg_rank(coefficients) != 1 || wg_numel(coefficients) == 0) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected coefficients of shape [n], n at least 1", op);
        return (double)NAN;
    }
    for (int64_t i = wg_numel(coefficients) - 1; i >= 0; i--)
        sum = sum * t + c[i * wg_stride(coefficients, 0)];
    return sum;
}
