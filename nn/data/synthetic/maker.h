/* What the synthetic sets share: options that are checked, tensors that are filled row by row, and random numbers of a row. */
#ifndef NN_DATA_SYNTHETIC_MAKER_H
#define NN_DATA_SYNTHETIC_MAKER_H

#include <math.h>
#include <stdlib.h>

#include "wengert/data/dataset.h"
#include "wengert/data/synthetic.h"
#include "wengert/error.h"

/* Numbers of the sets: each has two streams. They stay as they are, or seeds would mean other data. */
enum maker_set {
    MAKER_BLOBS = 0,
    MAKER_MOONS = 2,
    MAKER_RINGS = 4,
    MAKER_SPIRALS = 6,
    MAKER_TEACHER = 8,
    MAKER_MIXTURE = 10,
    MAKER_REGRESSION = 12
};

/* What a set is: rows of features real numbers each, and targets: i64 labels if 0, else so many real numbers a row. */
struct maker {
    const char *op;
    enum maker_set set;
    uint64_t seed;
    wg_dtype dtype;
    int64_t rows, features, targets;
    /* Writes row i: features to x; a label to *label, or targets to y. */
    void (*row)(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label);
    void *context;
};

/* Sets *x and *y to NULL; E_NULL if one of the pointers is. */
wg_status maker_begin(const char *op, wg_tensor **x, wg_tensor **y);

/* Makes the tensors and fills them. On failure *x and *y are NULL. */
wg_status maker_run(const struct maker *maker, wg_tensor **x, wg_tensor **y);

/* E_ARGUMENT unless low <= value <= high. */
wg_status maker_check(const char *op, const char *option, double value, double low, double high);

/* Of the whole set: what does not depend on rows. */
static inline wg_dataset_random maker_whole(enum maker_set set, uint64_t seed)
{
    return (wg_dataset_random){.seed = seed, .stream = WG_STREAM_SYNTHETIC + (uint64_t)set + 1};
}

/* n standard normal numbers of the whole set, owned by the caller; NULL and E_MEMORY. */
double *maker_normals(const char *op, wg_dataset_random *random, int64_t n);

static const double maker_pi = 3.14159265358979323846;

/* The largest numbers of rows and features: their product is far from overflow. */
#define MAKER_MAX 1e9

#endif
