/* Mini-batches of data. */
#ifndef WENGERT_DATA_BATCHES_H
#define WENGERT_DATA_BATCHES_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_batches_create(x, y): before C23 a macro's "..." takes an argument */
#endif

#include "../random.h"
#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows index[0..n) of source, in that order, copied into target: (n, …) of the source's dtype and other extents, both contiguous.
   Nothing changes on failure; E_ARGUMENT for an index out of range, or if the two share memory. */
WG_API WG_MUST_CHECK wg_status wg_dataset_gather_rows(wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n);

/* Mini-batches without replacement: each epoch visits every row once, in an order that depends on (seed, epoch) alone, drawn from stream
   WG_STREAM_ORDER + epoch of the seed. With WG_NO_SEED and shuffle the seed is drawn from this thread's generator. y is WG_NONE
   where there are no labels. x and y are contiguous, of as many rows, and shared, not copied; the iterator is given back by
   wg_batches_destroy (NULL is allowed). A size above the number of rows is cut to it; drop_last leaves out
   the last batch of an epoch if it is smaller. */
typedef struct wg_batches wg_batches;
typedef struct WG_NAMED wg_batches_options {
    int64_t size;
    bool shuffle, drop_last;
    uint64_t seed;
} wg_batches_options;
#define wg_batches_create(x, y, ...) \
    wg_batches_create_with(          \
        (x), (y),                    \
        WG_OPTIONS(wg_batches_options, .size = 32, .shuffle = true, .drop_last = false, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_batches *wg_batches_create_with(wg_tensor *x, wg_tensor *y, wg_batches_options options);
WG_API void wg_batches_destroy(wg_batches *batches);

/* The next batch, as tensors of their own on the open tape (or the caller's): call it inside the step's tape, but before a step
   that is captured or evaluated, with no tape open; they are the caller's then, to be freed. At the end of an
   epoch the status is WG_OK and both are NULL; the call after that begins the next. On failure both are NULL and the position is as
   it was: E_NULL, E_MEMORY, and the errors of wg_dataset_gather_rows. A step that fails afterwards does not put the position back
   (wg_batches_restore). *y is WG_NONE where there are no labels; y may be NULL then.

     for (;;) {
         WG_TAPE(tape);
         WG_TRY(wg_batches_next(batches, &x, &y));
         if (!x)
             break;
         …
     } */
WG_API WG_MUST_CHECK wg_status wg_batches_next(wg_batches *batches, wg_tensor **x, wg_tensor **y);

WG_API int64_t wg_batches_per_epoch(const wg_batches *batches); /* 0 and E_NULL for NULL */

/* The exact position: a run that sets it goes on as the one that asked for it would have. position: rows used in this epoch. */
typedef struct wg_batches_state {
    uint64_t seed;
    int64_t epoch, position;
} wg_batches_state;
WG_API wg_batches_state wg_batches_state_of(const wg_batches *batches); /* zeros and E_NULL for NULL */
WG_API WG_MUST_CHECK wg_status wg_batches_restore(wg_batches *batches, wg_batches_state state);

#ifdef __cplusplus
}
#endif

#endif
