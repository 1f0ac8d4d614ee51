/* The order of an epoch: which rows come, and when, as a function of (seed, epoch) alone. */
#ifndef NN_DATA_ORDER_H
#define NN_DATA_ORDER_H

#include "wengert/data/batches.h"

/* key · 2^exponent, 1/2 ≤ key < 1 or 0: the quotient of a number and a weight may be beyond f64. */
struct order_key {
    double key;
    int exponent;
    int64_t row;
};

struct order {
    int64_t rows, samples; /* of the data; of an epoch */
    bool shuffle, replacement;
    double *weight;         /* of each row, or with replacement their sums up to each row; NULL where there are none */
    int64_t positive, last; /* rows of weight above 0, and the last of them */
    struct order_key *key;  /* one for each of those; with weights and without replacement */
    bool made;              /* index is that of (seed, epoch) */
    uint64_t seed;
    int64_t epoch;
    int64_t *index; /* of samples rows, with memory for all */
};

/* Checks the options and asks for memory. On failure nothing is left behind. */
wg_status order_init(struct order *order, const char *op, int64_t rows, const wg_batches_options *options);
void order_finish(struct order *order);

/* Makes index that of (seed, epoch), unless it is. */
void order_make(struct order *order, uint64_t seed, int64_t epoch);

#endif
