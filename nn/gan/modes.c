/* How samples cover the modes of a mixture: counts and deviations of the samples near each centre, and what follows from them. */
#include "gan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"

/* near: at each mode, the number of samples of high quality; sum: of their differences from the centre (modes, d); squares: of those. */
struct modes {
    int64_t n, k, d;
    double sigma;
    double *samples, *centres, *weights, *sum, *squares;
    int64_t *near;
    const wg_gan_modes_options *o;
};

/* ---- operands ---- */

static wg_status check_shapes(const wg_tensor *samples, const wg_tensor *centres, const char *op)
{
    char one[100], other[100];
    WG_TRY(gan_check_real(samples, op, "samples"));
    WG_TRY(gan_check_real(centres, op, "centres"));
    if (wg_rank(samples) == 2 && wg_rank(centres) == 2 && wg_extent(samples, 0) > 0 && wg_extent(centres, 0) > 0 &&
        wg_extent(samples, 1) > 0 && wg_extent(samples, 1) == wg_extent(centres, 1))
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected samples (n, d) and centres (k, d), at least one of each, got %s and %s", op,
                        wg_shape_text(wg_shape_of(samples), one, sizeof one),
                        wg_shape_text(wg_shape_of(centres), other, sizeof other));
}

static wg_status check_options(const struct modes *m, const char *op)
{
    const wg_gan_modes_options *o = m->o;
    char text[100];
    if (!(m->sigma > 0 && m->sigma < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected sigma in (0, inf), got %g", op, m->sigma);
    if (!(o->radius > 0 && o->radius < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .radius in (0, inf), got %g", op, o->radius);
    if (o->count_from < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .count_from of at least 1, got %lld", op, (long long)o->count_from);
    if (o->weights == WG_NONE)
        return WG_OK;
    WG_TRY(gan_check_real(o->weights, op, ".weights"));
    if (wg_rank(o->weights) == 1 && wg_extent(o->weights, 0) == m->k)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected .weights of shape [%lld], one for each centre, got %s", op, (long long)m->k,
                        wg_shape_text(wg_shape_of(o->weights), text, sizeof text));
}

static double distance2(const double *a, const double *b, int64_t d)
{
    double sum = 0;
    for (int64_t i = 0; i < d; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* Centres are finite and sigma apart. */
static wg_status check_centres(const struct modes *m, const char *op)
{
    for (int64_t i = 0; i < m->k * m->d; i++)
        if (!isfinite(m->centres[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected finite centres, got %g in number %lld", op, m->centres[i],
                                (long long)(i / m->d));
    for (int64_t i = 0; i < m->k; i++)
        for (int64_t j = 0; j < i; j++) {
            const double apart = sqrt(distance2(m->centres + i * m->d, m->centres + j * m->d, m->d));
            if (apart < m->sigma)
                return wg_error_set(
                    WG_E_ARGUMENT, op,
                    "%s: expected centres at least sigma = %g apart, got %lld and %lld at a distance of %g: they are "
                    "one mode (a ring of k modes has the angles 2 pi i/k, without 2 pi)",
                    op, m->sigma, (long long)j, (long long)i, apart);
        }
    return WG_OK;
}

/* Equal, or the caller's divided by their sum. */
static wg_status find_weights(struct modes *m, const char *op)
{
    double sum = 0;
    for (int64_t k = 0; k < m->k; k++) {
        m->weights[k] = m->o->weights == WG_NONE ? 1 : m->weights[k];
        if (!(m->weights[k] >= 0 && m->weights[k] < (double)INFINITY))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .weights in [0, inf), got %g at element %lld", op, m->weights[k],
                                (long long)k);
        sum += m->weights[k];
    }
    if (!(sum > 0 && sum < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .weights with a sum in (0, inf), got %g", op, sum);
    for (int64_t k = 0; k < m->k; k++)
        m->weights[k] /= sum;
    return WG_OK;
}

/* ---- counting ---- */

static void count(struct modes *m)
{
    const double limit = m->o->radius * m->sigma;
    for (int64_t i = 0; i < m->n; i++) {
        const double *x = m->samples + i * m->d;
        double least = (double)INFINITY;
        int64_t nearest = 0;
        for (int64_t k = 0; k < m->k; k++) {
            const double d2 = distance2(x, m->centres + k * m->d, m->d);
            if (d2 < least)
                least = d2, nearest = k;
        }
        if (!(sqrt(least) < limit))
            continue;
        m->near[nearest]++;
        m->squares[nearest] += least;
        for (int64_t j = 0; j < m->d; j++)
            m->sum[nearest * m->d + j] += x[j] - m->centres[nearest * m->d + j];
    }
}

/* The deviation of a coordinate of the samples of a mode about their mean, over sigma; NaN below two samples. */
static double std_ratio(const struct modes *m, int64_t k)
{
    const double n = (double)m->near[k];
    if (m->near[k] < 2)
        return (double)NAN;
    double about_mean = m->squares[k];
    for (int64_t j = 0; j < m->d; j++)
        about_mean -= m->sum[k * m->d + j] * m->sum[k * m->d + j] / n;
    return sqrt(fmax(about_mean, 0) / ((n - 1) * (double)m->d)) / m->sigma;
}

/* p ln(p/q). */
static double divergence_term(double p, double q)
{
    return p > 0 ? p * log(p / q) : 0;
}

static wg_gan_modes_result summarise(const struct modes *m)
{
    wg_gan_modes_result r = {0};
    int64_t total = 0, with_ratio = 0;
    for (int64_t k = 0; k < m->k; k++)
        total += m->near[k];
    for (int64_t k = 0; k < m->k; k++) {
        const double p = (double)m->near[k] / (double)total, w = m->weights[k], ratio = std_ratio(m, k);
        r.modes += m->near[k] >= m->o->count_from;
        r.reverse_kl += divergence_term(p, w);
        r.js += (divergence_term(p, (p + w) / 2) + divergence_term(w, (p + w) / 2)) / 2;
        if (m->near[k] >= 2)
            r.std_ratio += ratio, with_ratio++;
        if (m->o->counts)
            m->o->counts[k] = m->near[k];
        if (m->o->std_ratios)
            m->o->std_ratios[k] = ratio;
    }
    r.high_quality = (double)total / (double)m->n;
    r.std_ratio = with_ratio > 0 ? r.std_ratio / (double)with_ratio : NAN;
    if (total == 0)
        r.reverse_kl = r.js = (double)NAN;
    return r;
}

static wg_status measure(struct modes *m, wg_tensor *samples, wg_tensor *centres, wg_gan_modes_result *result, const char *op)
{
    m->samples = gan_read(samples, op);
    m->centres = m->samples ? gan_read(centres, op) : NULL;
    m->sum = calloc((size_t)(m->k * (m->d + 2)), sizeof *m->sum);
    m->near = calloc((size_t)m->k, sizeof *m->near);
    if (!m->samples || !m->centres)
        return nn_first_error(WG_E_MEMORY);
    if (!m->sum || !m->near)
        return nn_no_memory(op);
    m->squares = m->sum + m->k * m->d;
    m->weights = m->squares + m->k;
    if (m->o->weights != WG_NONE) {
        double *weights = gan_read(m->o->weights, op);
        if (!weights)
            return nn_first_error(WG_E_MEMORY);
        memcpy(m->weights, weights, (size_t)m->k * sizeof *weights);
        free(weights);
    }
    WG_TRY(find_weights(m, op));
    WG_TRY(check_centres(m, op));
    count(m);
    *result = summarise(m);
    return WG_OK;
}

wg_status wg_gan_modes_with(wg_tensor *samples, wg_tensor *centres, double sigma, wg_gan_modes_result *result,
                            wg_gan_modes_options o)
{
    const char *op = "gan_modes";
    if (!result)
        return nn_null_argument(op, "the result");
    *result = (wg_gan_modes_result){0, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    WG_TRY(check_shapes(samples, centres, op));
    struct modes m = {.n = wg_extent(samples, 0), .k = wg_extent(centres, 0), .d = wg_extent(samples, 1), .sigma = sigma, .o = &o};
    WG_TRY(check_options(&m, op));
    const wg_status status = measure(&m, samples, centres, result, op);
    free(m.samples), free(m.centres), free(m.sum), free(m.near);
    return status;
}
