/* Mini-batches without replacement. The order of an epoch is drawn from the stream of its number, so (seed, epoch, position) is the
   whole state, and a run that was stopped goes on exactly where it was. */
#include <stdlib.h>
#include <string.h>

#include "wengert/data.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

#define MAX_EPOCH (((int64_t)1 << 56) - 2) /* streams of the order of data end before those of others begin; and one epoch more */

struct wg_batches {
    wg_tensor *x, *y, *generator;
    int64_t rows, size;
    wg_batches_state state;
    bool shuffle, drop_last, ordered; /* ordered: order is that of the epoch */
    int64_t order[];
};

static size_t row_bytes(const wg_tensor *t)
{
    const wg_shape shape = wg_shape_of(t);
    size_t bytes = wg_dtype_size(wg_dtype_of(t));
    for (int i = 1; i < shape.rank; i++)
        bytes *= (size_t)shape.extent[i];
    return bytes;
}

static wg_status check_gather(const wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n)
{
    const char *op = "dataset_gather_rows";
    if (!target || !source || (!index && n > 0))
        return wg_error_set(WG_E_NULL, op, "%s: an argument is NULL", op);
    if (!wg_data(target) || !wg_data(source)) /* released, dangling, another thread's, which is recorded now */
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    const wg_shape a = wg_shape_of(target), b = wg_shape_of(source);
    if (wg_dtype_of(target) != wg_dtype_of(source))
        return wg_error_set(WG_E_DTYPE, op, "%s: %s rows into %s", op, wg_dtype_name(wg_dtype_of(source)),
                            wg_dtype_name(wg_dtype_of(target)));
    if (a.rank < 1 || a.rank != b.rank || (size_t)a.extent[0] != n || !wg_is_contiguous(target) || !wg_is_contiguous(source) ||
        memcmp(a.extent + 1, b.extent + 1, (size_t)(a.rank - 1) * sizeof *a.extent) != 0) {
        char to[200], from[200];
        return wg_error_set(WG_E_SHAPE, op, "%s: %zu rows of %s into %s, both contiguous", op, n,
                            wg_shape_text(b, from, sizeof from), wg_shape_text(a, to, sizeof to));
    }
    if (wg_shares_memory(target, source))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the source shares memory with the target: copy it first (wg_copy)", op);
    for (size_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= b.extent[0])
            return wg_error_set(WG_E_ARGUMENT, op, "%s: row %lld is not in 0..%lld", op, (long long)index[i],
                                (long long)b.extent[0] - 1);
    return WG_OK;
}

wg_status wg_dataset_gather_rows(wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n)
{
    WG_TRY(check_gather(target, source, index, n));
    const size_t bytes = row_bytes(source);
    if (n == 0 || bytes == 0)
        return WG_OK;
    const char *from = wg_data(source);
    char *to = from ? wg_data_mut(target) : NULL;
    if (!to)
        return wg_error_first() ? wg_error_first()->code : WG_E_RELEASED;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * bytes, from + (size_t)index[i] * bytes, bytes);
    return WG_OK;
}

static wg_status check_data(const wg_tensor *x, const wg_tensor *y, int64_t size)
{
    const char *op = "batches_create";
    if (!x || !y)
        return wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, x ? "y (WG_NONE where there are no labels)" : "x");
    const bool labels = y != WG_NONE;
    if (x == WG_NONE || wg_rank(x) < 1 || (labels && (wg_rank(y) < 1 || wg_extent(x, 0) != wg_extent(y, 0)))) {
        char a[200], b[200];
        return wg_error_set(WG_E_SHAPE, op, "%s: expected as many rows of x as of y: %s, %s", op,
                            wg_shape_text(wg_shape_of(x), a, sizeof a),
                            labels ? wg_shape_text(wg_shape_of(y), b, sizeof b) : "none");
    }
    if (!wg_is_contiguous(x) || (labels && !wg_is_contiguous(y)))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected contiguous rows: wg_copy them", op);
    if (size < 1 || wg_extent(x, 0) < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a size of at least 1 and some rows, got %lld of %lld", op,
                            (long long)size, (long long)wg_extent(x, 0));
    return WG_OK;
}

/* The generator of the orders, and its seed: the one given, or a draw from the thread's generator where there is something to draw. */
static wg_tensor *order_generator(const wg_batches_options *options, uint64_t *seed)
{
    const bool split = options->seed == WG_NO_SEED && options->shuffle;
    wg_tensor *generator = split ? wg_generator_split(wg_generator_default(), WG_STREAM_ORDER)
                                 : wg_generator(options->seed, WG_STREAM_ORDER);
    if (generator)
        *seed = *(const uint64_t *)wg_data(generator);
    return generator;
}

wg_batches *wg_batches_create_with(wg_tensor *x, wg_tensor *y, wg_batches_options options)
{
    if (check_data(x, y, options.size) != WG_OK)
        return NULL;
    const int64_t rows = wg_extent(x, 0);
    wg_batches *batches = calloc(1, sizeof *batches + (size_t)rows * sizeof *batches->order);
    if (!batches) {
        (void)wg_error_set(WG_E_MEMORY, "batches_create", "batches_create: out of memory");
        return NULL;
    }
    batches->rows = rows;
    batches->size = options.size < rows ? options.size : rows;
    batches->shuffle = options.shuffle;
    batches->drop_last = options.drop_last;
    batches->generator = order_generator(&options, &batches->state.seed);
    batches->x = wg_keep(x);
    batches->y = y == WG_NONE ? WG_NONE : wg_keep(y);
    if (batches->generator && batches->x && batches->y)
        return batches;
    wg_batches_destroy(batches);
    return NULL;
}

void wg_batches_destroy(wg_batches *batches)
{
    if (!batches)
        return;
    wg_free(batches->generator);
    wg_free(batches->x);
    wg_free(batches->y);
    free(batches);
}

/* The status of a function that failed and returned no status. */
static wg_status failure(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* Draws the epoch's order, on a tape of its own: it is no part of the user's step. */
static wg_status make_order(wg_batches *batches)
{
    if (batches->ordered)
        return WG_OK;
    if (!batches->shuffle) {
        for (int64_t i = 0; i < batches->rows; i++)
            batches->order[i] = i;
    } else {
        const uint64_t stream = WG_STREAM_ORDER + (uint64_t)batches->state.epoch;
        const int64_t start[4] = {(int64_t)batches->state.seed, (int64_t)stream, 0, 0};
        WG_TRY(wg_write(batches->generator, start));
        WG_TAPE(tape);
        wg_tensor *order = tape ? wg_permutation(batches->generator, batches->rows) : NULL;
        if (!order || wg_read(order, batches->order) != WG_OK)
            return failure();
    }
    batches->ordered = true;
    return WG_OK;
}

/* *rows gets the rows of source at n indices. */
static wg_status gather(const wg_tensor *source, const int64_t *index, int64_t n, wg_tensor **rows)
{
    wg_shape shape = wg_shape_of(source);
    shape.extent[0] = n;
    *rows = wg_zeros(wg_dtype_of(source), shape);
    const wg_status status = *rows ? wg_dataset_gather_rows(*rows, source, index, (size_t)n) : failure();
    if (status == WG_OK)
        return WG_OK;
    if (*rows && !wg_tape_top())
        wg_free(*rows);
    *rows = NULL;
    return status;
}

/* The batch of n rows at the position. */
static wg_status make_batch(wg_batches *batches, int64_t n, wg_tensor **x, wg_tensor **y)
{
    WG_TRY(make_order(batches));
    const int64_t *index = batches->order + batches->state.position;
    wg_tensor *features = NULL, *targets = batches->y;
    WG_TRY(gather(batches->x, index, n, &features));
    const wg_status status = targets == WG_NONE ? WG_OK : gather(batches->y, index, n, &targets);
    if (status != WG_OK) {
        if (!wg_tape_top())
            wg_free(features);
        return status;
    }
    *x = features;
    if (y)
        *y = targets;
    return WG_OK;
}

wg_status wg_batches_next(wg_batches *batches, wg_tensor **x, wg_tensor **y)
{
    if (x)
        *x = NULL;
    if (y)
        *y = NULL;
    if (!batches || !x || (!y && batches->y != WG_NONE))
        return wg_error_set(WG_E_NULL, "batches_next", "batches_next: expected an iterator, and where to put x and y; got NULL");
    wg_batches_state *state = &batches->state;
    int64_t n = batches->rows - state->position;
    n = n < batches->size ? n : batches->size;
    if (n == 0 || (n < batches->size && batches->drop_last)) {
        state->epoch++;
        state->position = 0;
        batches->ordered = !batches->shuffle && batches->ordered;
        return WG_OK;
    }
    WG_TRY(make_batch(batches, n, x, y));
    state->position += n;
    return WG_OK;
}

/* False for NULL, which is recorded. */
static bool given(const wg_batches *batches, const char *op)
{
    if (!batches)
        (void)wg_error_set(WG_E_NULL, op, "%s: the iterator is NULL", op);
    return batches != NULL;
}

int64_t wg_batches_per_epoch(const wg_batches *batches)
{
    if (!given(batches, "batches_per_epoch"))
        return 0;
    return (batches->rows + (batches->drop_last ? 0 : batches->size - 1)) / batches->size;
}

wg_batches_state wg_batches_state_of(const wg_batches *batches)
{
    return given(batches, "batches_state_of") ? batches->state : (wg_batches_state){0, 0, 0};
}

wg_status wg_batches_restore(wg_batches *batches, wg_batches_state state)
{
    if (!given(batches, "batches_restore"))
        return WG_E_NULL;
    if (state.epoch < 0 || state.epoch > MAX_EPOCH || state.position < 0 || state.position > batches->rows)
        return wg_error_set(WG_E_ARGUMENT, "batches_restore", "batches_restore: epoch %lld, position %lld of %lld rows",
                            (long long)state.epoch, (long long)state.position, (long long)batches->rows);
    batches->ordered = batches->ordered && state.seed == batches->state.seed && state.epoch == batches->state.epoch;
    batches->state = state;
    return WG_OK;
}
