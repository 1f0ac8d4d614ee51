/* Template that transposes a small matrix into a kernel's workspace, so that SIMD vectors run across rows that are short in the
   operand. Define before including it: ENTRY, the type of elements in memory. It defines T(transpose), which only moves elements:
   y[j sy + i] = x[i sx + j] for i < rows, j < columns. x and y must not overlap. */

WG_INLINE void T(transpose_some)(const ENTRY *x, int64_t sx, int64_t rows, int64_t columns, ENTRY *y, int64_t sy)
{
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++)
            y[j * sy + i] = x[i * sx + j];
}

#ifdef VECTOR_BYTES
#ifndef WG_INTERLEAVE
/* Shuffle indices that interleave the lower, or the upper, halves of two vectors; the second vector's indices follow the
   first's. */
#define WG_INTERLEAVE
#define WG_LOWER_2 0, 2
#define WG_UPPER_2 1, 3
#define WG_LOWER_4 0, 4, 1, 5
#define WG_UPPER_4 2, 6, 3, 7
#define WG_LOWER_8 0, 8, 1, 9, 2, 10, 3, 11
#define WG_UPPER_8 4, 12, 5, 13, 6, 14, 7, 15
#define WG_LOWER_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define WG_UPPER_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

/* Transposes squares of side vectors in registers. A step interleaves vector i with vector i + side/2. This rotates the bits of
   (row, column) by one, so log2(side) steps swap row and column. At the matrix's edges the squares overlap their predecessors; if
   at most side/4 columns are left, these are moved one element at a time. */
#define SQUARES(side)                                                                                                    \
    typedef ENTRY T(row_of_##side) __attribute__((vector_size(side * sizeof(ENTRY))));                                   \
    typedef ENTRY T(loose_##side) __attribute__((vector_size(side * sizeof(ENTRY)), aligned(sizeof(ENTRY)), may_alias)); \
    WG_INLINE void T(square_##side)(const ENTRY *x, int64_t sx, ENTRY *y, int64_t sy)                                    \
    {                                                                                                                    \
        T(row_of_##side) v[side], w[side];                                                                               \
        _Pragma("GCC unroll 16") for (int i = 0; i < side; i++) v[i] = *(const T(loose_##side) *)(x + i * sx);           \
        _Pragma("GCC unroll 4") for (int step = 1; step < side; step *= 2)                                               \
        {                                                                                                                \
            _Pragma("GCC unroll 8") for (int i = 0; i < side / 2; i++)                                                   \
            {                                                                                                            \
                w[2 * i] = __builtin_shufflevector(v[i], v[i + side / 2], WG_LOWER_##side);                              \
                w[2 * i + 1] = __builtin_shufflevector(v[i], v[i + side / 2], WG_UPPER_##side);                          \
            }                                                                                                            \
            _Pragma("GCC unroll 16") for (int i = 0; i < side; i++) v[i] = w[i];                                         \
        }                                                                                                                \
        _Pragma("GCC unroll 16") for (int i = 0; i < side; i++) * (T(loose_##side) *)(y + i * sy) = v[i];                \
    }                                                                                                                    \
    WG_INLINE void T(squares_##side)(const ENTRY *x, int64_t sx, int64_t rows, int64_t columns, ENTRY *y, int64_t sy)    \
    {                                                                                                                    \
        for (int64_t i = 0; i < rows; i += side)                                                                         \
            for (int64_t j = 0; j < columns; j += side) {                                                                \
                const int64_t at = i + side <= rows ? i : rows - side, to = j + side <= columns ? j : columns - side;    \
                if (4 * (columns - j) <= side)                                                                           \
                    T(transpose_some)(x + at * sx + j, sx, side, columns - j, y + j * sy + at, sy);                      \
                else                                                                                                     \
                    T(square_##side)(x + at * sx + to, sx, y + to * sy + at, sy);                                        \
            }                                                                                                            \
    }
SQUARES(2)
SQUARES(4)
SQUARES(8)
SQUARES(16)
#undef SQUARES

/* Contiguous x with two to four columns, or contiguous y with two to four rows: with a constant length, compilers vectorise these
   loops themselves. */
#define FEW(n)                                                                                                              \
    static void T(part_##n)(const ENTRY *__restrict x, int64_t rows, ENTRY *__restrict y, int64_t sy)                       \
    {                                                                                                                       \
        _Pragma("omp simd") for (int64_t i = 0; i < rows; i++) for (int j = 0; j < n; j++) y[j * sy + i] = x[i * n + j];    \
    }                                                                                                                       \
    static void T(join_##n)(const ENTRY *__restrict x, int64_t sx, int64_t columns, ENTRY *__restrict y)                    \
    {                                                                                                                       \
        _Pragma("omp simd") for (int64_t j = 0; j < columns; j++) for (int i = 0; i < n; i++) y[j * n + i] = x[i * sx + j]; \
    }
FEW(2)
FEW(3)
FEW(4)
#undef FEW
#endif

WG_INLINE void T(transpose)(const ENTRY *x, int64_t sx, int64_t rows, int64_t columns, ENTRY *y, int64_t sy)
{
#ifdef VECTOR_BYTES
    const int64_t least = rows < columns ? rows : columns;
    if (sx == columns && columns == 2)
        T(part_2)(x, rows, y, sy);
    else if (sx == columns && columns == 3)
        T(part_3)(x, rows, y, sy);
    else if (sx == columns && columns == 4)
        T(part_4)(x, rows, y, sy);
    else if (sy == rows && rows == 2)
        T(join_2)(x, sx, columns, y);
    else if (sy == rows && rows == 3)
        T(join_3)(x, sx, columns, y);
    else if (sy == rows && rows == 4)
        T(join_4)(x, sx, columns, y);
    else if (least >= 16 && 16 * sizeof(ENTRY) <= VECTOR_BYTES)
        T(squares_16)(x, sx, rows, columns, y, sy);
    else if (least >= 8 && 8 * sizeof(ENTRY) <= VECTOR_BYTES)
        T(squares_8)(x, sx, rows, columns, y, sy);
    else if (least >= 4 && 4 * sizeof(ENTRY) <= VECTOR_BYTES)
        T(squares_4)(x, sx, rows, columns, y, sy);
    else if (least >= 2)
        T(squares_2)(x, sx, rows, columns, y, sy);
    else
#endif
        T(transpose_some)(x, sx, rows, columns, y, sy);
}
#undef ENTRY
