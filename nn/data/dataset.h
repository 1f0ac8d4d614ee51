/* What a dataset is, for the files that make datasets and for those that read them. */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/data/dataset.h"
#include "wengert/error.h"

/* Of the stream of an item: bits of the number of a step in a chain, and of a block in that step. */
enum { DATASET_STEP_BITS = 4, DATASET_BLOCK_BITS = 24, DATASET_MAX_STEPS = 15, DATASET_ALIGNMENT = 64 };

struct wg_dataset {
    wg_dataset_info info;
    size_t x_bytes, y_bytes; /* of a row */
    int steps;               /* changes (wg_dataset_map) in the chain beneath and here */
    bool draws;              /* its items may draw random numbers, or those beneath */
    atomic_int owners;
    wg_dataset *base; /* owned; NULL where there is none */
    wg_dataset_function *function;
    void *context;
    void (*destroy)(void *context);
};

/* A copy of model with one owner, whose base gets one more. The sizes are computed here. NULL and E_ARGUMENT, E_MEMORY. */
wg_dataset *dataset_new(const char *op, const struct wg_dataset *model);

/* One more owner. */
wg_dataset *dataset_share(wg_dataset *dataset);

/* Rows of tensors, as wg_dataset_of, with errors of op. */
wg_dataset *dataset_of(const char *op, wg_tensor *x, wg_tensor *y);

/* An index tensor: i64 of rank 1, dense, with numbers in 0..rows-1. */
wg_status dataset_check_index(const char *op, const wg_tensor *index, int64_t rows);

/* Where and for whom an item is made. */
struct dataset_place {
    uint64_t seed;
    int64_t epoch, position;
};

/* Makes one item. Called by any thread. A status above 0, which is none, becomes WG_E_BUG. */
wg_status dataset_make(const wg_dataset *dataset, const struct dataset_place *place, int64_t index, void *x, void *y,
                       void *workspace);

/* Workspace for one caller: NULL where none is needed; false if memory ran out. */
static inline bool dataset_workspace(const wg_dataset *dataset, void **workspace)
{
    const size_t bytes = dataset->info.workspace + (size_t)(-(intptr_t)dataset->info.workspace & (DATASET_ALIGNMENT - 1));
    *workspace = bytes > 0 ? aligned_alloc(DATASET_ALIGNMENT, bytes) : NULL;
    return bytes == 0 || *workspace;
}

/* Records that an item failed, with what its function recorded (NULL or "" where it recorded nothing), and returns status. */
wg_status dataset_item_failed(const char *op, wg_status status, int64_t index, const char *message);

/* As dataset_make in the calling thread, with its error recorded as op's. */
wg_status dataset_make_here(const char *op, const wg_dataset *dataset, const struct dataset_place *place, int64_t index, void *x,
                            void *y, void *workspace);

/* The status of a function that failed and returned no status. */
static inline wg_status dataset_failure(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

/* Frees a tensor that a function of ours made and does not return. */
static inline void dataset_discard(wg_tensor *t, bool on_tape)
{
    if (t && t != WG_NONE && !on_tape)
        wg_free(t);
}

#endif
