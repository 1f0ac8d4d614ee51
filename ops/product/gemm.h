/* Matrix products for the element type being compiled. Included by matmul, addmm, linear and linear_relu, once for each type.
   lib/gemm/gemm.c does the work; the instance that counts operations (WG_COUNTING) runs a plain loop. */

/* A matrix in memory; strides in elements. */
typedef struct {
    ELEM *data;
    int64_t rows, columns, row, column;
} T(matrix);

static inline T(matrix) T(matrix_of)(const ELEM *data, int64_t rows, int64_t columns, int64_t row, int64_t column)
{
    T(matrix) m;
    m.data = (ELEM *)(uintptr_t)data;
    m.rows = rows;
    m.columns = columns;
    m.row = row;
    m.column = column;
    return m;
}

/* The matrix in the last two axes of t that begins `offset` elements after t's first element. */
static inline T(matrix) T(last_axes)(const wg_tensor *t, int64_t offset)
{
    const int64_t *extent = wg_extents(t) + t->rank - 2, *stride = wg_strides(t) + t->rank - 2;
    return T(matrix_of)((const ELEM *)(const void *)t->data + offset, extent[0], extent[1], stride[0], stride[1]);
}

static inline void T(copy_matrix)(T(matrix) to, T(matrix) from)
{
    for (int64_t i = 0; i < to.rows; i++)
        for (int64_t j = 0; j < to.columns; j++)
            to.data[i * to.row + j * to.column] = from.data[i * from.row + j * from.column];
}

/* to ← fromᵀ */
static inline void T(transpose_matrix)(T(matrix) from, T(matrix) to)
{
    if (from.column == 1 && to.column == 1)
        T(wg_transpose)(from.data, from.row, from.rows, from.columns, to.data, to.row);
    else
        T(copy_matrix)(to, T(matrix_of)(from.data, from.columns, from.rows, from.column, from.row));
}

/* What is applied to the finished product: bias is added to each row, then, with relu, negative elements become 0. */
typedef struct {
    const ELEM *bias; /* or NULL */
    int64_t step;     /* stride of bias */
    bool relu;
} T(ending);

#ifdef WG_COUNTING
/* The plain loop: each element is one sum in order of k. */
static inline void T(plain_gemm)(T(matrix) a, T(matrix) b, bool add, T(ending) end, T(matrix) c)
{
    for (int64_t i = 0; i < c.rows; i++)
        for (int64_t j = 0; j < c.columns; j++) {
            ELEM *at = c.data + i * c.row + j * c.column;
            REAL sum = (REAL)0;
            if (add)
                sum = *at;
            for (int64_t k = 0; k < a.columns; k++)
                sum = sum + (REAL)a.data[i * a.row + k * a.column] * (REAL)b.data[k * b.row + j * b.column];
            if (end.bias)
                sum = sum + (REAL)end.bias[j * end.step];
            if (end.relu)
                sum = sum <= (REAL)0 ? (REAL)0 : sum;
            *at = sum;
        }
}

static inline wg_status T(gemm_ended)(T(matrix) a, T(matrix) b, bool add, T(ending) end, T(matrix) c)
{
    T(plain_gemm)(a, b, add, end, c);
    return WG_OK;
}
#else
#include "gemm/gemm.h"

/* c ← a b, or c ← c + a b with add, then the ending. a and b may have any strides. An empty sum is 0. E_MEMORY if there is no
   memory to pack a and b; c is then unchanged. */
static inline wg_status T(gemm_ended)(T(matrix) a, T(matrix) b, bool add, T(ending) end, T(matrix) c)
{
    const struct wg_product product = {.m = c.rows,
                                       .n = c.columns,
                                       .k = a.columns,
                                       .a = a.data,
                                       .b = b.data,
                                       .c = c.data,
                                       .a_row = a.row,
                                       .a_column = a.column,
                                       .b_row = b.row,
                                       .b_column = b.column,
                                       .c_row = c.row,
                                       .c_column = c.column,
                                       .beta = add ? 1 : 0,
                                       .bias = end.bias,
                                       .bias_column = end.step,
                                       .relu = end.relu};
    return wg_gemm(sizeof(ELEM) == sizeof(float) ? WG_F32 : WG_F64, &product);
}
#endif

static inline wg_status T(gemm)(T(matrix) a, T(matrix) b, bool add, T(matrix) c)
{
    const T(ending) none = {0, 0, false};
    return T(gemm_ended)(a, b, add, none, c);
}

/* The kernel of linear, y = x wᵀ + b with b optional, and of linear_relu. */
static inline wg_status T(layer)(const wg_call *c, bool relu)
{
    const wg_tensor *b = c->in[2];
    const T(matrix) w = T(last_axes)(c->in[1], 0);
    const bool biased = b->state != WG_ABSENT;
    T(ending) end;
    end.bias = biased ? (const ELEM *)(const void *)b->data : 0;
    end.step = biased ? wg_strides(b)[0] : 0;
    end.relu = relu;
    return T(gemm_ended)(T(last_axes)(c->in[0], 0), T(matrix_of)(w.data, w.columns, w.rows, w.column, w.row), false, end,
                         T(last_axes)(c->out[0], 0));
}
