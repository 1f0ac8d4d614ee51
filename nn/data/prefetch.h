/* Threads that make the coming batches. The caller's thread says which; each batch is made by one thread, in memory of its own. */
#ifndef NN_DATA_PREFETCH_H
#define NN_DATA_PREFETCH_H

#include "dataset.h"
#include "wengert/data/batches.h"

struct prefetch;

/* A batch that is to be made, or is made. */
struct prefetch_batch {
    wg_batches_state at; /* of its first row */
    int64_t n;
    int64_t *index; /* of its rows */
    char *x, *y;
    wg_status status;
    int64_t failed; /* the item, if status is not WG_OK */
    char message[400];
};

/* Memory for `ahead` batches of up to size rows, and threads; NULL and E_MEMORY. If the system gives no thread, prefetch_threads
   is 0. */
struct prefetch *prefetch_start(const char *op, const wg_dataset *dataset, int64_t size, int threads, int ahead);
int prefetch_threads(const struct prefetch *prefetch);

/* Is this the process that started it? A child of fork has no threads of its parent's. */
bool prefetch_here(const struct prefetch *prefetch);

/* Drops what is queued, waits for what is being made, and ends the threads. In a child of fork it only frees memory. */
void prefetch_stop(struct prefetch *prefetch);

/* Drops all batches, after waiting for those that are being made. */
void prefetch_clear(struct prefetch *prefetch);

/* The next free batch, to be filled in (at, n, index) and queued; NULL if there is none. */
struct prefetch_batch *prefetch_free(struct prefetch *prefetch);
void prefetch_queue(struct prefetch *prefetch);

/* The oldest batch, when it is made: the caller makes it itself if no thread has begun. There must be one. workspace: the caller's.
   _again: it failed, and is to be made once more. _done: its memory is free again. */
struct prefetch_batch *prefetch_wait(struct prefetch *prefetch, void *workspace);
void prefetch_again(struct prefetch *prefetch);
void prefetch_done(struct prefetch *prefetch);

#endif
