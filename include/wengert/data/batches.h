/* Mini-batches of data: rows of tensors, or items of a dataset, in an order that depends on (seed, epoch) alone, made by the
   caller or ahead of it by threads.

       wg_batches *batches = wg_batches_create(x, y, .size = 64, .seed = 1);
       …
       for (;;) {
           WG_TAPE(tape);
           WG_TRY(wg_batches_next(batches, &x, &y));
           if (!x)
               break;
           …
       } */
#ifndef WENGERT_DATA_BATCHES_H
#define WENGERT_DATA_BATCHES_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_batches_create(x, y): before C23 a macro's "..." takes an argument */
#endif

#include "../random.h"
#include "../tensor.h"
#include "dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_batches wg_batches;

/* size: rows of a batch, cut to those of an epoch. drop_last leaves out the last batch of an epoch if it is smaller.

   What an epoch is. By default each row once, in an order drawn from stream WG_STREAM_ORDER + epoch of the seed; shuffle = false:
   in order. With WG_NO_SEED the seed is drawn from this thread's generator, where anything is drawn.

   replacement: each row of the epoch is drawn among all, with equal probability or by weights; so rows repeat, and others are left
   out. samples: rows of an epoch; 0: as many as there are, or, without replacement, as have a weight above 0.

   weights: f32 or f64 (rows), finite, not below 0, copied. With replacement row i is drawn with probability w_i / Σ w. Without,
   each row that is drawn is one of those left, with a probability in proportion to its weight: rows of larger weights come earlier
   (keys -ln u / w in increasing order; Efraimidis, Spirakis: Weighted random sampling with a reservoir, 2006). A row of weight 0
   never comes.

   workers: threads that make the next batches while the caller uses this one. Batches and their order have the same bits for any
   number. ahead: batches that are made or being made beyond the one that was returned last; 0: two for each worker, and two. Cost:
   the memory of ahead + 1 batches, and one copy of each batch. docs/guide/data.md says what happens at fork and when a thread
   ends. */
typedef struct WG_NAMED wg_batches_options {
    int64_t size;
    bool shuffle, drop_last;
    uint64_t seed;
    bool replacement;
    int64_t samples;
    const wg_tensor *weights;
    int workers, ahead;
} wg_batches_options;
#define WG_BATCHES_OPTIONS_(...)                                                                                              \
    WG_OPTIONS(wg_batches_options, .size = 32, .shuffle = true, .drop_last = false, .seed = WG_NO_SEED, .replacement = false, \
               .samples = 0, .weights = WG_NONE, .workers = 0, .ahead = 0, __VA_ARGS__)

/* Batches of the rows of tensors. y is WG_NONE where there are no labels. x and y are contiguous, of as many rows, and shared,
   not copied. Given back by wg_batches_destroy (NULL is allowed), which ends the threads: it waits for the items that are being
   made. Errors: E_NULL, E_SHAPE; E_ARGUMENT (no rows, not contiguous, an option out of its range, options that exclude each
   other); of weights E_DTYPE and E_SHAPE; E_MEMORY. */
#define wg_batches_create(x, y, ...) wg_batches_create_with((x), (y), WG_BATCHES_OPTIONS_(__VA_ARGS__))
WG_API wg_batches *wg_batches_create_with(wg_tensor *x, wg_tensor *y, wg_batches_options options);

/* Batches of the items of a dataset, which lives as long as they do. Random numbers of an item are those of (seed, epoch,
   position). */
#define wg_batches_of(dataset, ...) wg_batches_of_with((dataset), WG_BATCHES_OPTIONS_(__VA_ARGS__))
WG_API wg_batches *wg_batches_of_with(wg_dataset *dataset, wg_batches_options options);

WG_API void wg_batches_destroy(wg_batches *batches);

/* The next batch, as tensors of their own on the open tape (or the caller's): call it inside the step's tape, but before a step
   that is captured or evaluated, with no tape open; they are the caller's then, to be freed. At the end of an epoch the status is
   WG_OK and both are NULL; the call after that begins the next. On failure both are NULL and the position is as it was, so that
   the next call makes the same batch again: E_NULL; E_MEMORY; E_STATE inside a capture; E_ARGUMENT (a state that was written is
   out of its range); what the function of an item returned, with the item's number. A step that fails afterwards does not put the
   position back (wg_batches_restore). *y is WG_NONE where there are no labels; y may be NULL then. If the system gives no thread,
   the caller makes the batches. */
WG_API WG_MUST_CHECK wg_status wg_batches_next(wg_batches *batches, wg_tensor **x, wg_tensor **y);

WG_API int64_t wg_batches_per_epoch(const wg_batches *batches); /* 0 and E_NULL for NULL */

/* The exact position: a run that sets it goes on as the one that asked for it would have, also with another number of workers.
   position: rows used in this epoch. */
typedef struct wg_batches_state {
    uint64_t seed;
    int64_t epoch, position;
} wg_batches_state;
WG_API wg_batches_state wg_batches_state_of(const wg_batches *batches); /* zeros and E_NULL for NULL */
WG_API WG_MUST_CHECK wg_status wg_batches_restore(wg_batches *batches, wg_batches_state state);

/* The same as tensors, to read and to write (wg_save, wg_load): i64 scalars "seed" (its 64 bits), "epoch", "position". The list
   and its tensors are valid until the iterator is destroyed. What is written counts from the next call on. Empty and E_NULL for
   NULL. */
WG_API wg_tensor_list wg_batches_state_list(const wg_batches *batches);

#ifdef __cplusplus
}
#endif

#endif
