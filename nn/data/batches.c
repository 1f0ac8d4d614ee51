/* Mini-batches. The order of an epoch is a function of (seed, epoch), so (seed, epoch, position) is the whole state, and a run
   that was stopped goes on exactly where it was. The state is held by tensors, so that it can be saved and loaded like any. */
#include "wengert/data/batches.h"

#include <stdlib.h>
#include <string.h>

#include "../module/module.h"
#include "dataset.h"
#include "order.h"
#include "prefetch.h"
#include "wengert/tape.h"

enum { SEED, EPOCH, POSITION, NUMBERS, MAX_WORKERS = 1024, MAX_AHEAD = 1 << 16 };
/* Streams of the order of data end before those of others begin; and batches are made ahead. */
#define MAX_EPOCH (((int64_t)1 << 56) - 2 - MAX_AHEAD)

static const char *const state_name[NUMBERS] = {"seed", "epoch", "position"};

struct wg_batches {
    wg_dataset *dataset;
    int64_t size;
    bool drop_last;
    struct order order; /* of the epoch of `coming` */
    wg_tensor *state[NUMBERS];
    wg_batches_state known;  /* what the state was when it was looked at last */
    wg_batches_state coming; /* the first batch that is not queued; without threads, known */
    void *workspace;
    int workers, ahead;
    struct prefetch *prefetch;
};

/* ---- making and freeing ---- */

static wg_status make_seed(uint64_t *seed, uint64_t given, bool draws)
{
    *seed = given;
    return draws ? nn_seed(seed) : WG_OK;
}

static wg_status make_state(struct wg_batches *batches, const char *op)
{
    const int64_t number[NUMBERS] = {[SEED] = (int64_t)batches->known.seed};
    for (int i = 0; i < NUMBERS; i++) {
        wg_tensor *t = wg_zeros(WG_I64, WG_SCALAR);
        batches->state[i] = t ? wg_adopt(t) : NULL;
        if (!batches->state[i] || wg_set_name(batches->state[i], state_name[i]) != WG_OK ||
            wg_write(batches->state[i], &number[i]) != WG_OK)
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    }
    return WG_OK;
}

static wg_status check_threads(const char *op, const wg_batches_options *o)
{
    if (o->workers >= 0 && o->workers <= MAX_WORKERS && o->ahead >= 0 && o->ahead <= MAX_AHEAD && (o->ahead == 0 || o->workers > 0))
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected workers from 0 to %d, and ahead from 0 to %d with workers, got %d and %d",
                        op, MAX_WORKERS, MAX_AHEAD, o->workers, o->ahead);
}

static wg_status fill(struct wg_batches *batches, const char *op, wg_dataset *dataset, const wg_batches_options *o)
{
    WG_TRY(check_threads(op, o));
    WG_TRY(order_init(&batches->order, op, dataset->info.length, o));
    batches->dataset = dataset_share(dataset);
    batches->size = o->size < batches->order.samples ? o->size : batches->order.samples;
    batches->drop_last = o->drop_last;
    batches->workers = o->workers;
    batches->ahead = o->ahead ? o->ahead : 2 * o->workers + 2;
    WG_TRY(make_seed(&batches->known.seed, o->seed, o->shuffle || dataset->draws));
    batches->coming = batches->known;
    if (!dataset_workspace(dataset, &batches->workspace))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    return make_state(batches, op);
}

static wg_batches *create(const char *op, wg_dataset *dataset, const wg_batches_options *options)
{
    wg_batches *batches = calloc(1, sizeof *batches);
    if (!batches) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    if (fill(batches, op, dataset, options) == WG_OK)
        return batches;
    wg_batches_destroy(batches);
    return NULL;
}

wg_batches *wg_batches_of_with(wg_dataset *dataset, wg_batches_options options)
{
    if (dataset)
        return create("batches_of", dataset, &options);
    (void)wg_error_set(WG_E_NULL, "batches_of", "batches_of: the dataset is NULL");
    return NULL;
}

wg_batches *wg_batches_create_with(wg_tensor *x, wg_tensor *y, wg_batches_options options)
{
    const char *op = "batches_create";
    wg_dataset *dataset = dataset_of(op, x, y);
    wg_batches *batches = dataset ? create(op, dataset, &options) : NULL;
    wg_dataset_destroy(dataset);
    return batches;
}

void wg_batches_destroy(wg_batches *batches)
{
    if (!batches)
        return;
    prefetch_stop(batches->prefetch);
    for (int i = 0; i < NUMBERS; i++)
        wg_disown(batches->state[i]);
    order_finish(&batches->order);
    free(batches->workspace);
    wg_dataset_destroy(batches->dataset);
    free(batches);
}

/* ---- the state ---- */

static bool same(wg_batches_state a, wg_batches_state b)
{
    return a.seed == b.seed && a.epoch == b.epoch && a.position == b.position;
}

static wg_status check_state(const struct wg_batches *batches, const char *op, wg_batches_state state)
{
    if (state.epoch >= 0 && state.epoch <= MAX_EPOCH && state.position >= 0 && state.position <= batches->order.samples)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: epoch %lld, position %lld of %lld rows", op, (long long)state.epoch,
                        (long long)state.position, (long long)batches->order.samples);
}

/* What the tensors say. */
static wg_status read_state(const struct wg_batches *batches, wg_batches_state *state)
{
    int64_t number[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
        const int64_t *at = wg_data(batches->state[i]);
        if (!at)
            return dataset_failure();
        number[i] = *at;
    }
    *state = (wg_batches_state){(uint64_t)number[SEED], number[EPOCH], number[POSITION]};
    return WG_OK;
}

/* Where the tensors are written. It is found before the batch is made, since it may be refused, inside a capture. */
static wg_status open_state(struct wg_batches *batches, int64_t **number)
{
    for (int i = 0; i < NUMBERS; i++)
        if (!(number[i] = wg_data_mut(batches->state[i])))
            return dataset_failure();
    return WG_OK;
}

static void set_state(struct wg_batches *batches, int64_t *const *number, wg_batches_state state)
{
    *number[SEED] = (int64_t)state.seed;
    *number[EPOCH] = state.epoch;
    *number[POSITION] = state.position;
    batches->known = state;
}

/* Goes where the state says, if that was written since: by wg_load, wg_write. */
static wg_status look_at_state(struct wg_batches *batches, const char *op)
{
    wg_batches_state state;
    WG_TRY(read_state(batches, &state));
    if (same(state, batches->known))
        return WG_OK;
    WG_TRY(check_state(batches, op, state));
    if (batches->prefetch && prefetch_here(batches->prefetch))
        prefetch_clear(batches->prefetch);
    batches->known = batches->coming = state;
    return WG_OK;
}

/* The rows of the batch at a position: 0 at the end of the epoch. */
static int64_t rows_at(const struct wg_batches *batches, int64_t position)
{
    const int64_t left = batches->order.samples - position;
    if (left < batches->size)
        return batches->drop_last ? 0 : left;
    return batches->size;
}

/* ---- batches that are made here ---- */

/* Tensors for n rows. On failure none is left. */
static wg_status make_tensors(const wg_dataset *dataset, int64_t n, wg_tensor **x, wg_tensor **y)
{
    const wg_dataset_row *rows[2] = {&dataset->info.x, &dataset->info.y};
    wg_tensor *made[2] = {NULL, WG_NONE};
    for (int i = 0; i < 1 + dataset->info.labels; i++) {
        wg_shape shape = {.rank = rows[i]->shape.rank + 1, .extent = {n}};
        memcpy(shape.extent + 1, rows[i]->shape.extent, (size_t)rows[i]->shape.rank * sizeof *shape.extent);
        made[i] = wg_zeros(rows[i]->dtype, shape);
        if (!made[i]) {
            dataset_discard(made[0], wg_tape_top() != NULL);
            return dataset_failure();
        }
    }
    *x = made[0];
    *y = made[1];
    return WG_OK;
}

/* Where the rows are written; E_STATE inside a capture. */
static wg_status open_rows(wg_tensor *x, wg_tensor *y, char **to_x, char **to_y)
{
    *to_x = wg_data_mut(x);
    *to_y = y == WG_NONE ? NULL : wg_data_mut(y);
    return (!*to_x && wg_numel(x) > 0) || (y != WG_NONE && !*to_y && wg_numel(y) > 0) ? dataset_failure() : WG_OK;
}

static wg_status make_here(struct wg_batches *batches, const char *op, int64_t n, char *x, char *y)
{
    const wg_batches_state *at = &batches->known;
    const wg_dataset *dataset = batches->dataset;
    order_make(&batches->order, at->seed, at->epoch);
    for (int64_t i = 0; i < n; i++) {
        const struct dataset_place place = {at->seed, at->epoch, at->position + i};
        WG_TRY(dataset_make_here(op, dataset, &place, batches->order.index[place.position], x + (size_t)i * dataset->x_bytes,
                                 y ? y + (size_t)i * dataset->y_bytes : NULL, batches->workspace));
    }
    return WG_OK;
}

/* ---- batches that threads make ---- */

/* Starts the threads, also in a child of fork, which has none. */
static wg_status start_threads(struct wg_batches *batches, const char *op)
{
    if (batches->prefetch && !prefetch_here(batches->prefetch)) {
        prefetch_stop(batches->prefetch);
        batches->prefetch = NULL;
    }
    if (batches->prefetch || batches->workers == 0)
        return WG_OK;
    batches->prefetch = prefetch_start(op, batches->dataset, batches->size, batches->workers, batches->ahead);
    if (!batches->prefetch)
        return WG_E_MEMORY;
    batches->coming = batches->known;
    if (prefetch_threads(batches->prefetch) == 0) {
        prefetch_stop(batches->prefetch);
        batches->prefetch = NULL;
        batches->workers = 0; /* the caller makes the batches */
    }
    return WG_OK;
}

/* Queues batches while there is memory for them, into the next epochs. */
static void queue_batches(struct wg_batches *batches)
{
    struct prefetch_batch *batch;
    wg_batches_state *coming = &batches->coming;
    while ((batch = prefetch_free(batches->prefetch))) {
        int64_t n = rows_at(batches, coming->position);
        if (n == 0) {
            coming->epoch++;
            coming->position = 0;
            n = rows_at(batches, 0);
        }
        order_make(&batches->order, coming->seed, coming->epoch);
        batch->at = *coming;
        batch->n = n;
        memcpy(batch->index, batches->order.index + coming->position, (size_t)n * sizeof *batch->index);
        prefetch_queue(batches->prefetch);
        coming->position += n;
    }
}

static wg_status take_batch(struct wg_batches *batches, const char *op, char *x, char *y)
{
    const wg_dataset *dataset = batches->dataset;
    const struct prefetch_batch *batch = prefetch_wait(batches->prefetch, batches->workspace);
    if (batch->status != WG_OK) {
        const wg_status status = dataset_item_failed(op, batch->status, batch->failed, batch->message);
        prefetch_again(batches->prefetch);
        return status;
    }
    if (dataset->x_bytes > 0)
        memcpy(x, batch->x, (size_t)batch->n * dataset->x_bytes);
    if (dataset->y_bytes > 0)
        memcpy(y, batch->y, (size_t)batch->n * dataset->y_bytes);
    prefetch_done(batches->prefetch);
    queue_batches(batches);
    return WG_OK;
}

/* ---- next ---- */

/* The batch of n rows at the position. */
static wg_status make_batch(struct wg_batches *batches, const char *op, int64_t n, wg_tensor **x, wg_tensor **y)
{
    wg_tensor *features = NULL, *targets = NULL;
    char *to_x, *to_y;
    WG_TRY(start_threads(batches, op));
    if (batches->prefetch)
        queue_batches(batches);
    WG_TRY(make_tensors(batches->dataset, n, &features, &targets));
    wg_status status = open_rows(features, targets, &to_x, &to_y);
    if (status == WG_OK)
        status = batches->prefetch ? take_batch(batches, op, to_x, to_y) : make_here(batches, op, n, to_x, to_y);
    if (status != WG_OK) {
        const bool on_tape = wg_tape_top() != NULL;
        dataset_discard(features, on_tape);
        dataset_discard(targets, on_tape);
        return status;
    }
    *x = features;
    if (y)
        *y = targets;
    return WG_OK;
}

wg_status wg_batches_next(wg_batches *batches, wg_tensor **x, wg_tensor **y)
{
    const char *op = "batches_next";
    if (x)
        *x = NULL;
    if (y)
        *y = NULL;
    if (!batches || !x || (!y && batches->dataset->info.labels))
        return wg_error_set(WG_E_NULL, op, "%s: expected an iterator, and where to put x and y; got NULL", op);
    int64_t *number[NUMBERS];
    WG_TRY(look_at_state(batches, op));
    WG_TRY(open_state(batches, number));
    wg_batches_state next = batches->known;
    const int64_t n = rows_at(batches, next.position);
    if (n == 0) {
        next.epoch++;
        next.position = 0;
    } else {
        WG_TRY(make_batch(batches, op, n, x, y));
        next.position += n;
    }
    set_state(batches, number, next);
    return WG_OK;
}

/* ---- asking and restoring ---- */

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
    return (batches->order.samples + (batches->drop_last ? 0 : batches->size - 1)) / batches->size;
}

wg_batches_state wg_batches_state_of(const wg_batches *batches)
{
    wg_batches_state state = {0, 0, 0};
    if (given(batches, "batches_state_of"))
        (void)read_state(batches, &state);
    return state;
}

wg_status wg_batches_restore(wg_batches *batches, wg_batches_state state)
{
    const char *op = "batches_restore";
    int64_t *number[NUMBERS];
    if (!given(batches, op))
        return WG_E_NULL;
    WG_TRY(check_state(batches, op, state));
    WG_TRY(open_state(batches, number));
    const wg_batches_state known = batches->known;
    set_state(batches, number, state);
    batches->known = known; /* the next call finds the change */
    return WG_OK;
}

wg_tensor_list wg_batches_state_list(const wg_batches *batches)
{
    if (!given(batches, "batches_state_list"))
        return (wg_tensor_list){0, NULL, NULL};
    return (wg_tensor_list){NUMBERS, batches->state, state_name};
}
