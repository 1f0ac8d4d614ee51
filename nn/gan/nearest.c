/* The nearest row of data to each sample. Products of blocks give all distances nearly; where one could be the least it is computed exactly. */
#include "gan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

enum { SAMPLES = 128, ROWS = 1024 }; /* of a block: 1 MB of products, which stays in the second cache */

/* Rows of numbers, and of each the sum of its squares. */
struct rows {
    int64_t n;
    double *x, *squares;
};

struct search {
    int64_t d;
    struct rows samples, data;
    double scale;  /* what products and squares of rows are made of, so that they are numbers */
    double *least; /* of each sample: the least distance so far, infinite at first */
    int64_t *index;
};

/* Sums of squares between these are right to rounding; others are made anew of differences in units of the largest. */
static const double SMALL = 1e-280, LARGE = 1e300;

static double distance(const double *a, const double *b, int64_t d)
{
    double sum = 0, largest = 0;
    for (int64_t i = 0; i < d; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    if ((sum > SMALL && sum < LARGE) || isnan(sum))
        return sqrt(sum);
    for (int64_t i = 0; i < d; i++)
        largest = fmax(largest, fabs(a[i] - b[i]));
    if (largest == 0 || isinf(largest))
        return largest;
    sum = 0;
    for (int64_t i = 0; i < d; i++)
        sum += (a[i] - b[i]) / largest * ((a[i] - b[i]) / largest);
    return largest * sqrt(sum);
}

/* The rows of data from first on against those of samples, by their products (n_samples, n_rows). */
static void compare(struct search *s, int64_t sample, int64_t n_samples, int64_t first, int64_t n_rows, const double *products)
{
    /* the terms of |a|² - 2ab + |b|² are sums of d products, each rounded: at most (d + 4) ε of |a|² + |b|² is lost of each */
    const double rounding = 4 * ((double)s->d + 4) * DBL_EPSILON;
    for (int64_t i = sample; i < sample + n_samples; i++, products += n_rows)
        for (int64_t j = 0; j < n_rows; j++) {
            const double size = s->samples.squares[i] + s->data.squares[first + j], nearly = size - 2 * products[j];
            const double least = s->least[i] * s->scale;
            if (!(nearly - rounding * size <= least * least)) /* equality: where squares are 0 */
                continue;
            const double exact = distance(s->samples.x + i * s->d, s->data.x + (first + j) * s->d, s->d);
            if (exact < s->least[i]) {
                s->least[i] = exact;
                s->index[i] = first + j;
            }
        }
}

static wg_status search_block(struct search *s, int64_t sample, int64_t first)
{
    const int64_t n = s->samples.n - sample < SAMPLES ? s->samples.n - sample : SAMPLES;
    const int64_t rows = s->data.n - first < ROWS ? s->data.n - first : ROWS;
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *a = tape ? wg_from(s->samples.x + sample * s->d, WG_SHAPE(n, s->d)) : NULL;
    wg_tensor *b = tape ? wg_from(s->data.x + first * s->d, WG_SHAPE(rows, s->d)) : NULL;
    if (s->scale != 1)
        a = wg_mul_scalar(a, s->scale), b = wg_mul_scalar(b, s->scale);
    wg_tensor *products = wg_matmul(a, wg_transpose(b, 0, 1));
    if (!products || !wg_is_contiguous(products))
        return nn_first_error(WG_E_MEMORY);
    compare(s, sample, n, first, rows, wg_data(products));
    return WG_OK;
}

static wg_status search_all(struct search *s)
{
    WG_NO_GRAD;
    for (int64_t i = 0; i < s->samples.n; i++)
        s->least[i] = (double)INFINITY, s->index[i] = -1;
    for (int64_t sample = 0; sample < s->samples.n; sample += SAMPLES)
        for (int64_t first = 0; first < s->data.n; first += ROWS)
            WG_TRY(search_block(s, sample, first));
    for (int64_t i = 0; i < s->samples.n; i++)
        s->least[i] = s->index[i] < 0 ? (double)NAN : s->least[i];
    return WG_OK;
}

/* ---- operands and results ---- */

static wg_status check(const wg_tensor *samples, const wg_tensor *data, const char *op)
{
    char one[100], other[100];
    WG_TRY(gan_check_real(samples, op, "samples"));
    WG_TRY(gan_check_real(data, op, "data"));
    const wg_shape a = wg_shape_of(samples), b = wg_shape_of(data);
    bool fits = a.rank > 0 && a.rank == b.rank && b.extent[0] > 0;
    for (int i = 1; i < a.rank && fits; i++)
        fits = a.extent[i] == b.extent[i];
    if (fits)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op,
                        "%s: expected samples (n, ...) and data (m, ...) with equal other axes and m of at least 1, got %s and %s",
                        op, wg_shape_text(a, one, sizeof one), wg_shape_text(b, other, sizeof other));
}

static double largest_of(const struct rows *rows, int64_t d)
{
    double largest = 0;
    for (int64_t i = 0; i < rows->n * d; i++)
        largest = isfinite(rows->x[i]) ? fmax(largest, fabs(rows->x[i])) : largest;
    return largest;
}

/* 1, or, of elements far from 1, a power of 2 that takes the largest near it. */
static double scale_of(double largest)
{
    int exponent = 0;
    (void)frexp(largest, &exponent);
    return largest == 0 || (largest > 1e-100 && largest < 1e100) ? 1 : ldexp(1, exponent < -1000 ? 1000 : -exponent);
}

static void sum_squares(struct rows *rows, int64_t d, double scale)
{
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t j = 0; j < d; j++)
            rows->squares[i] += rows->x[i * d + j] * scale * (rows->x[i * d + j] * scale);
}

static wg_status read_rows(struct rows *rows, const wg_tensor *t, const char *op)
{
    rows->n = wg_extent(t, 0);
    rows->x = gan_read(t, op);
    rows->squares = calloc((size_t)rows->n + 1, sizeof *rows->squares);
    if (!rows->x)
        return nn_first_error(WG_E_MEMORY);
    return rows->squares ? WG_OK : nn_no_memory(op);
}

static wg_status search(struct search *s, wg_tensor *samples, wg_tensor *data, const char *op)
{
    s->d = 1;
    for (int i = 1; i < wg_rank(data); i++)
        s->d *= wg_extent(data, i);
    WG_TRY(read_rows(&s->samples, samples, op));
    WG_TRY(read_rows(&s->data, data, op));
    s->scale = scale_of(fmax(largest_of(&s->samples, s->d), largest_of(&s->data, s->d)));
    sum_squares(&s->samples, s->d, s->scale);
    sum_squares(&s->data, s->d, s->scale);
    s->least = malloc(((size_t)s->samples.n + 1) * sizeof *s->least);
    s->index = malloc(((size_t)s->samples.n + 1) * sizeof *s->index);
    return s->least && s->index ? search_all(s) : nn_no_memory(op);
}

wg_status wg_gan_nearest(wg_tensor *samples, wg_tensor *data, wg_tensor **distances, wg_tensor **index)
{
    const char *op = "gan_nearest";
    wg_tensor *made[2] = {NULL, NULL};
    if (distances)
        *distances = NULL;
    if (index)
        *index = NULL;
    WG_TRY(check(samples, data, op));
    struct search s = {0};
    wg_status status = search(&s, samples, data, op);
    if (status == WG_OK) {
        made[0] = distances ? wg_from(s.least, WG_SHAPE(s.samples.n)) : NULL;
        made[1] = index ? wg_from(s.index, WG_SHAPE(s.samples.n)) : NULL;
        if ((distances && !made[0]) || (index && !made[1]))
            status = nn_first_error(WG_E_MEMORY);
    }
    free(s.samples.x), free(s.samples.squares), free(s.data.x), free(s.data.squares), free(s.least), free(s.index);
    for (int i = 0; i < 2; i++)
        if (status != WG_OK && made[i] && !wg_tape_top())
            wg_free(made[i]);
    if (status == WG_OK && distances)
        *distances = made[0];
    if (status == WG_OK && index)
        *index = made[1];
    return status;
}
