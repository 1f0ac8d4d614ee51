/* What the tests of datasets share. */
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include "common.h"

/* All elements in row-major order are those; NaN fails. */
static inline void assert_values(const wg_tensor *t, const double *expected, double tolerance)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_near(element(t, i), expected[i], tolerance);
}

/* i64 (n) of the numbers first, first + step, … */
static inline wg_tensor *index_of(int64_t n, int64_t first, int64_t step)
{
    wg_tensor *t = made(wg_zeros(WG_I64, WG_SHAPE(n)));
    int64_t *at = n > 0 ? wg_data_mut(t) : NULL;
    for (int64_t i = 0; i < n; i++)
        at[i] = first + i * step;
    return t;
}

/* f32 (rows, columns): element k of row i is 1000 i + k. */
static inline wg_tensor *counted_rows(int64_t rows, int64_t columns)
{
    wg_tensor *t = made(wg_zeros(WG_F32, WG_SHAPE(rows, columns)));
    float *x = wg_data_mut(t);
    for (int64_t i = 0; i < rows * columns; i++)
        x[i] = (float)(1000 * (i / columns) + i % columns);
    return t;
}

/* Batches over an iterator without a tape: the rows' numbers (label of i64) of the rest of the epoch. Returns how many. */
static inline int64_t run_epoch(wg_batches *batches, int64_t *label)
{
    int64_t n = 0;
    for (;;) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        assert_ok(wg_batches_next(batches, &x, &y));
        if (!x)
            return n;
        memcpy(label + n, wg_data(y), (size_t)wg_numel(y) * sizeof *label);
        n += wg_numel(y);
    }
}

#endif
