/* Matrix products for the number type at hand: a part of the kernels of matmul, addmm and linear, so included in each of them, for
   each type. BLIS does the work of large ones; a plain loop that of small ones and, where operations are counted (WG_COUNTING), of
   all. */

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

/* The matrix in the last two axes of t, offset elements from its first. */
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

/* Each element is one sum, in order of k. */
static inline void T(plain_gemm)(T(matrix) a, T(matrix) b, bool add, T(matrix) c)
{
    for (int64_t i = 0; i < c.rows; i++)
        for (int64_t j = 0; j < c.columns; j++) {
            ELEM *at = c.data + i * c.row + j * c.column;
            REAL sum = (REAL)0;
            if (add)
                sum = *at;
            for (int64_t k = 0; k < a.columns; k++)
                sum = sum + (REAL)a.data[i * a.row + k * a.column] * (REAL)b.data[k * b.row + j * b.column];
            *at = sum;
        }
}

#ifdef WG_COUNTING
static inline wg_status T(gemm)(T(matrix) a, T(matrix) b, bool add, T(matrix) c)
{
    T(plain_gemm)(a, b, add, c);
    return WG_OK;
}
#else
#include "../lib/blis.h"

enum { T(SMALL) = 2048 }; /* multiplications up to which a call of BLIS costs more than a plain loop */

/* BLIS takes strides of 1 along one axis, or any two that part the elements; it reads strides of 0 as "choose for me" and knows no
   negative ones. The stride of an axis of one element is nobody's business: it is set to what a dense matrix would have. */
static inline bool T(gemm_takes)(T(matrix) * m)
{
    if (m->columns == 1)
        m->column = m->rows > 1 && m->row == 1 ? m->rows : 1;
    if (m->rows == 1)
        m->row = m->columns > 1 ? m->columns * m->column : 1;
    else if (m->columns == 1 && m->row != 1)
        m->column = 1;
    return m->row > 0 && m->column > 0;
}

/* A dense copy of m in memory of its own, row-major. */
static inline struct wg_storage *T(dense_copy)(T(matrix) * m)
{
    struct wg_storage *memory = wg_storage_new((size_t)m->rows * (size_t)m->columns * sizeof(ELEM));
    if (!memory)
        return NULL;
    const ELEM *data = (const ELEM *)(const void *)wg_storage_data(memory);
    const T(matrix) copy = T(matrix_of)(data, m->rows, m->columns, m->columns, 1);
    T(copy_matrix)(copy, *m);
    *m = copy;
    return memory;
}

/* c ← a b, or c ← c + a b with add. a and b of any strides, broadcast and flipped ones through a copy: E_MEMORY if there is no room
   for it, and c is as before. A sum over nothing is zero. */
static inline wg_status T(gemm)(T(matrix) a, T(matrix) b, bool add, T(matrix) c)
{
    if ((double)c.rows * (double)c.columns * (double)a.columns <= T(SMALL)) {
        T(plain_gemm)(a, b, add, c);
        return WG_OK;
    }
    struct wg_storage *a_copy = NULL, *b_copy = NULL;
    bool ready = T(gemm_takes)(&a) || (a_copy = T(dense_copy)(&a));
    ready = ready && (T(gemm_takes)(&b) || (b_copy = T(dense_copy)(&b)));
    T(gemm_takes)(&c);
    if (ready)
        wg_gemm(sizeof(ELEM) == sizeof(float) ? WG_F32 : WG_F64, c.rows, c.columns, a.columns, a.data, a.row, a.column, b.data,
                b.row, b.column, add ? 1 : 0, c.data, c.row, c.column);
    if (a_copy)
        wg_storage_unref(a_copy);
    if (b_copy)
        wg_storage_unref(b_copy);
    return ready ? WG_OK : WG_E_MEMORY;
}
#endif
