/* Mixtures of Gaussians as targets: centres on a ring and on a grid, and batches drawn by ops. */
#include "gan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

#define MAX_MODES 1000000

/* ---- centres ---- */

static wg_tensor *centres(int64_t modes, double size, const char *op, const char *what, void (*place)(double *, int64_t, double))
{
    if (!(size > 0 && size < (double)INFINITY)) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s in (0, inf), got %g", op, what, size);
        return NULL;
    }
    double *at = malloc((size_t)modes * 2 * sizeof *at);
    if (!at) {
        (void)nn_no_memory(op);
        return NULL;
    }
    place(at, modes, size);
    wg_tensor *made = wg_from(at, WG_SHAPE(modes, 2));
    free(at);
    return made;
}

static void place_on_ring(double *at, int64_t modes, double radius)
{
    for (int64_t i = 0; i < modes; i++) {
        const double angle = 2 * 3.14159265358979323846 * (double)i / (double)modes;
        at[2 * i] = radius * cos(angle);
        at[2 * i + 1] = radius * sin(angle);
    }
}

wg_tensor *wg_gan_ring_centres(int64_t modes, double radius)
{
    const char *op = "gan_ring_centres";
    if (modes >= 1 && modes <= MAX_MODES)
        return centres(modes, radius, op, "a radius", place_on_ring);
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected 1 to %d modes, got %lld", op, MAX_MODES, (long long)modes);
    return NULL;
}

static void place_on_grid(double *at, int64_t modes, double extent)
{
    const int64_t side = (int64_t)(sqrt((double)modes) + 0.5);
    const double step = side > 1 ? 2 * extent / (double)(side - 1) : 0, first = side > 1 ? -extent : 0;
    for (int64_t i = 0; i < modes; i++) {
        at[2 * i] = first + step * (double)(i % side);
        at[2 * i + 1] = first + step * (double)(i / side);
    }
}

wg_tensor *wg_gan_grid_centres(int64_t side, double extent)
{
    const char *op = "gan_grid_centres";
    if (side >= 1 && side <= MAX_MODES / side)
        return centres(side * side, extent, op, "an extent", place_on_grid);
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected a side of 1 to 1000, got %lld", op, (long long)side);
    return NULL;
}

/* ---- draws ---- */

struct mixture {
    wg_tensor *generator, *centres, *weights;
    int64_t n;
    double sigma;
    wg_dtype dtype;
    wg_tensor **labels;
    bool keep; /* no tape is open, so the labels are the caller's, too */
};

/* Sums of the first weights, each of them finite and the last above 0; NaN is refused, too. */
static wg_tensor *sums_of(wg_tensor *weights)
{
    wg_tensor *numbers = wg_where(wg_is_nan(weights), wg_full(WG_F64, WG_SCALAR, (double)INFINITY), weights);
    wg_tensor *sums = wg_cumsum(wg_expect(numbers, "weights", 0, DBL_MAX, false), 0);
    const int64_t k = sums ? wg_extent(sums, 0) : 0;
    return sums && wg_expect(wg_slice(sums, 0, k - 1, k, 1), "Σ weights", DBL_MIN, DBL_MAX, false) ? sums : NULL;
}

/* The mode of each sample, i64 (n): equal shares of [0, 1), or how many sums of the first weights u is not below. Weights are checked
   before the generator advances. */
static wg_tensor *draw_labels(const struct mixture *m)
{
    const int64_t k = wg_extent(m->centres, 0);
    wg_tensor *sums = NULL;
    if (m->weights != WG_NONE && !(sums = sums_of(m->weights)))
        return NULL;
    wg_tensor *u = wg_uniform(m->generator, WG_F64, WG_SHAPE(m->n, 1), 0, 1);
    if (m->weights == WG_NONE)
        return wg_cast(wg_reshape(wg_mul_scalar(u, (double)k), WG_SHAPE(m->n)), WG_I64);
    wg_tensor *total = wg_slice(sums, 0, k - 1, k, 1), *before = wg_slice(sums, 0, 0, k - 1, 1);
    wg_tensor *passed = wg_ge(wg_mul(u, total), wg_reshape(before, WG_SHAPE(1, k - 1)));
    return wg_cast(wg_sum(wg_cast(passed, WG_F64), .axis = 1), WG_I64);
}

static wg_tensor *draw(const void *arguments)
{
    const struct mixture *m = arguments;
    wg_tensor *labels = draw_labels(m), *means = wg_index_select(m->centres, 0, labels);
    if (!means)
        return NULL;
    wg_tensor *noise = wg_normal(m->generator, WG_F64, WG_SHAPE(m->n, wg_extent(m->centres, 1)), 0, m->sigma);
    wg_tensor *samples = wg_add(means, noise);
    if (samples && m->dtype != WG_F64)
        samples = wg_cast(samples, m->dtype);
    if (samples && m->labels && !(*m->labels = m->keep ? wg_keep(labels) : labels))
        return NULL;
    return samples;
}

static wg_status check(const struct mixture *m, const char *op)
{
    char text[100];
    WG_TRY(gan_check_number((double)m->n, 0, op, "a number of samples"));
    WG_TRY(gan_check_number(m->sigma, 0, op, "sigma"));
    if (m->dtype != WG_F32 && m->dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected samples of dtype f32 or f64, got %s", op, wg_dtype_name(m->dtype));
    WG_TRY(gan_check_real(m->centres, op, "centres"));
    if (wg_dtype_of(m->centres) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected centres of dtype f64, got %s", op,
                            wg_dtype_name(wg_dtype_of(m->centres)));
    if (wg_rank(m->centres) != 2 || wg_extent(m->centres, 0) < 1)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected centres (k, d) with k of at least 1, got %s", op,
                            wg_shape_text(wg_shape_of(m->centres), text, sizeof text));
    if (m->weights == WG_NONE)
        return WG_OK;
    WG_TRY(gan_check_real(m->weights, op, "weights"));
    WG_TRY(gan_check_alike(m->weights, m->centres, false, op, "weights and centres"));
    if (wg_rank(m->weights) != 1 || wg_extent(m->weights, 0) != wg_extent(m->centres, 0))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a weight for each of %lld centres, got %s", op,
                            (long long)wg_extent(m->centres, 0), wg_shape_text(wg_shape_of(m->weights), text, sizeof text));
    return WG_OK;
}

wg_tensor *wg_gan_mixture_with(wg_tensor *generator, int64_t n, wg_tensor *centres_, double sigma, wg_gan_mixture_options o)
{
    const char *op = "gan_mixture";
    struct mixture m = {NULL, centres_, o.weights, n, sigma, o.dtype, o.labels, !wg_tape_top()};
    if (o.labels)
        *o.labels = NULL;
    if (check(&m, op) != WG_OK)
        return NULL;
    m.generator = gan_generator(generator);
    WG_NO_GRAD;
    wg_tensor *samples = gan_make(draw, &m, op);
    if (!samples && o.labels) {
        wg_free(m.keep ? *o.labels : NULL);
        *o.labels = NULL;
    }
    return samples;
}
