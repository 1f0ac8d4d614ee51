/* What lstm and its gradient share, for the element type being compiled: the steps of sequences (T,B,n) as matrices (B,n), and the loop over
   the rows of a step. */
#include "ops/product/gemm.h"
#include "ops/recurrent/lstm_rows.h"

static inline T(matrix) T(step_of)(const wg_tensor *t, int64_t step)
{
    return T(last_axes)(t, step * wg_strides(t)[0]);
}

/* Operands of a row kernel: first rows, and strides in elements from row to row and within a row. */
typedef struct {
    wg_axis_kernel *kernel;
    int64_t columns; /* of the gates */
    int n;
    char *at[7];
    int64_t next[7], step[7];
} T(rows);

static inline void T(add_operand)(T(rows) * r, T(matrix) m)
{
    r->at[r->n] = (char *)(void *)m.data;
    r->next[r->n] = m.row;
    r->step[r->n++] = m.column;
}

static void T(some_rows)(int64_t first, int64_t last, void *context)
{
    const T(rows) *r = (const T(rows) *)context;
    for (int64_t row = first; row < last; row++) {
        char *at[7] = {0};
        for (int i = 0; i < r->n; i++)
            at[i] = r->at[i] ? r->at[i] + row * r->next[i] * (int64_t)sizeof(ELEM) : 0;
        r->kernel(r->columns, at, r->step, 0);
    }
}

static inline void T(run_rows)(T(rows) * r, int64_t rows)
{
    wg_parallel(rows * r->columns >= WG_MIN_TO_SPLIT ? wg_free_threads() : 1, rows, T(some_rows), r);
}
