/* The order of an epoch: in order, shuffled, drawn with replacement, drawn by weights. */
#include "order.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "wengert/error.h"

/* ---- options ---- */

static wg_status check_weights(const char *op, const wg_tensor *weights, int64_t rows)
{
    if (!weights)
        return wg_error_set(WG_E_NULL, op, "%s: weights is NULL (WG_NONE where there are none)", op);
    if (weights == WG_NONE)
        return WG_OK;
    if (!wg_data(weights))
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    char text[200];
    if (wg_dtype_of(weights) != WG_F32 && wg_dtype_of(weights) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected weights of f32 or f64, got %s", op, wg_dtype_name(wg_dtype_of(weights)));
    if (wg_rank(weights) != 1 || wg_extent(weights, 0) != rows || !wg_is_contiguous(weights))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld contiguous weights, got shape %s", op, (long long)rows,
                            wg_shape_text(wg_shape_of(weights), text, sizeof text));
    return WG_OK;
}

static wg_status check_options(const char *op, int64_t rows, const wg_batches_options *o)
{
    WG_TRY(check_weights(op, o->weights, rows));
    if (o->size < 1 || rows < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a size of at least 1 and some rows, got %lld of %lld", op,
                            (long long)o->size, (long long)rows);
    if (!o->shuffle && (o->replacement || o->weights != WG_NONE))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: shuffle = false excludes %s, which draws rows", op,
                            o->replacement ? "replacement" : "weights");
    if (o->samples < 0 || o->samples > INT64_MAX / 64 || (!o->replacement && o->samples > rows))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected samples from 0%s, got %lld of %lld rows", op,
                            o->replacement ? "" : " to the rows there are (or replacement = true)", (long long)o->samples,
                            (long long)rows);
    return WG_OK;
}

static double weight_at(const wg_tensor *weights, const void *data, int64_t i)
{
    return wg_dtype_of(weights) == WG_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* The sums of weights up to each row. Weights are scaled by a power of two, so that the largest is about 1: sums of denormal numbers
   would be too coarse to draw from. */
static void sum_weights(struct order *order)
{
    double largest = 0, sum = 0;
    int exponent;
    for (int64_t i = 0; i < order->rows; i++)
        largest = fmax(largest, order->weight[i]);
    (void)frexp(largest, &exponent);
    for (int64_t i = 0; i < order->rows; i++)
        order->weight[i] = sum += ldexp(order->weight[i], -exponent);
}

/* Fills order->weight and counts. */
static wg_status take_weights(struct order *order, const char *op, const wg_tensor *weights)
{
    const void *data = wg_data(weights);
    double sum = 0;
    for (int64_t i = 0; i < order->rows; i++) {
        const double w = weight_at(weights, data, i);
        if (!(w >= 0) || !isfinite(w))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected finite weights of at least 0, got %g at %lld", op, w,
                                (long long)i);
        order->positive += w > 0;
        order->last = w > 0 ? i : order->last;
        sum += w;
        order->weight[i] = w;
    }
    if (order->positive == 0 || !isfinite(sum))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected weights with a sum above 0 and finite, got %g", op, sum);
    if (order->replacement)
        sum_weights(order);
    return WG_OK;
}

static wg_status fill(struct order *order, const char *op, const wg_batches_options *o)
{
    const bool weighted = o->weights != WG_NONE;
    const size_t rows = (size_t)order->rows, memory = (size_t)(o->samples > order->rows ? o->samples : order->rows);
    order->index = malloc(memory * sizeof *order->index);
    order->weight = weighted ? malloc(rows * sizeof *order->weight) : NULL;
    order->key = weighted && !o->replacement ? malloc(rows * sizeof *order->key) : NULL;
    if (!order->index || (weighted && !order->weight) || (weighted && !o->replacement && !order->key))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    if (weighted)
        WG_TRY(take_weights(order, op, o->weights));
    const int64_t most = weighted ? order->positive : order->rows;
    if (!o->replacement && o->samples > most)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: %lld samples of %lld rows with a weight above 0: replacement = true allows them", op,
                            (long long)o->samples, (long long)most);
    order->samples = o->samples > 0 ? o->samples : o->replacement ? order->rows : most;
    return WG_OK;
}

wg_status order_init(struct order *order, const char *op, int64_t rows, const wg_batches_options *options)
{
    *order = (struct order){.rows = rows, .shuffle = options->shuffle, .replacement = options->replacement};
    WG_TRY(check_options(op, rows, options));
    const wg_status status = fill(order, op, options);
    if (status != WG_OK)
        order_finish(order);
    return status;
}

void order_finish(struct order *order)
{
    free(order->index);
    free(order->weight);
    free(order->key);
    *order = (struct order){.rows = 0};
}

/* ---- drawing ---- */

/* The shuffle of wg_permutation (Fisher and Yates), with the same numbers. */
static void shuffle(struct order *order, wg_dataset_random *random)
{
    int64_t *index = order->index;
    for (int64_t i = order->rows - 1; i > 0; i--) {
        const int64_t k = wg_dataset_below(random, i + 1), moved = index[k];
        index[k] = index[i];
        index[i] = moved;
    }
}

/* The first row whose sum of weights up to it is above a uniform number: one of weight 0 never is. */
static int64_t row_at(const struct order *order, double at)
{
    int64_t low = 0, high = order->last;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (order->weight[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void draw_with_replacement(struct order *order, wg_dataset_random *random)
{
    const double sum = order->weight ? order->weight[order->rows - 1] : 0;
    for (int64_t i = 0; i < order->samples; i++)
        order->index[i] = order->weight ? row_at(order, wg_dataset_uniform(random) * sum) : wg_dataset_below(random, order->rows);
}

static int by_key(const void *a, const void *b)
{
    const struct order_key *x = a, *y = b;
    if (x->exponent != y->exponent)
        return x->exponent < y->exponent ? -1 : 1;
    if (x->key < y->key || x->key > y->key)
        return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* -ln u / weight, for any weight above 0. */
static struct order_key key_of(int64_t row, double u, double weight)
{
    int above, below, exponent;
    const double drawn = -log(u), fraction = frexp(drawn, &above) / frexp(weight, &below), key = frexp(fraction, &exponent);
    return (struct order_key){key, drawn > 0 ? exponent + above - below : INT_MIN, row};
}

/* Every row draws a number, so that what one draws does not depend on the weights of others. */
static void draw_without_replacement(struct order *order, wg_dataset_random *random)
{
    int64_t n = 0;
    for (int64_t i = 0; i < order->rows; i++) {
        const double u = 1 - wg_dataset_uniform(random); /* in (0, 1] */
        if (order->weight[i] > 0)
            order->key[n++] = key_of(i, u, order->weight[i]);
    }
    qsort(order->key, (size_t)n, sizeof *order->key, by_key);
    for (int64_t i = 0; i < order->samples; i++)
        order->index[i] = order->key[i].row;
}

void order_make(struct order *order, uint64_t seed, int64_t epoch)
{
    if (order->made && (!order->shuffle || (order->seed == seed && order->epoch == epoch)))
        return;
    wg_dataset_random random = {.seed = seed, .stream = WG_STREAM_ORDER + (uint64_t)epoch};
    for (int64_t i = 0; i < order->rows; i++)
        order->index[i] = i;
    if (order->replacement)
        draw_with_replacement(order, &random);
    else if (order->weight)
        draw_without_replacement(order, &random);
    else if (order->shuffle)
        shuffle(order, &random);
    order->made = true;
    order->seed = seed;
    order->epoch = epoch;
}
