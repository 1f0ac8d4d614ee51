/* How rows are shared out to parts. */
#ifndef NN_DATA_SPLIT_H
#define NN_DATA_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

enum { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_UNUSED, SPLIT_PARTS };

/* A row, in an order in which rows of one class or group stand together. */
struct split_row {
    int64_t label, row, place; /* place: in the order before classes were put together */
    int64_t part;
};

/* size[p] ≈ n wish[p] / Σ wish, rounded by the largest remainder (ties: the earlier part), so that Σ size = n. A part that wishes
   nothing gets nothing. At most SPLIT_PARTS parts. */
void split_round(int64_t n, const double *wish, int parts, int64_t *size);

/* Sets the part of each row so that part p gets size[p] rows (Σ size = rows), and of each class its share of them, rounded up or
   down. False: out of memory. */
bool split_classes(struct split_row *row, int64_t rows, const int64_t *size);

/* The same for groups, which are not divided: size is what each part should have. */
bool split_groups(struct split_row *row, int64_t rows, const int64_t *size, int64_t parts);

#endif
