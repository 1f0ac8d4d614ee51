/* Template: the native kernels for few rows of c and a b whose columns are contiguous, for one instruction set and one element
   type. Vectors hold elements of a row of c, so b is transposed. The includer defines what native_kernel_tmpl.h lists, and

       WIDTHS              the widths in vectors of tiles of 1 to WG_TRANSPOSED_ROWS rows
       TOGETHER(vectors)   how many of a tile's vectors are loaded before they are multiplied: as many as registers hold
       LOAD_ACROSS(rows, p, fourth, lines, x)
                           loads the first HALF elements of LANES lines from p on as HALF vectors. fourth: line 4; rows: of the tile,
                           for the choice of instructions
       PACK                the name of native_kernel_tmpl.h's pack

   Vectors have 256 bits in AVX-512 too: a transposition in registers takes log2 of their length in steps, of which the loads do
   the one across halves of 128 bits; in 512 bits another remains, of the slowest kind of shuffle. */

#define HALF (LANES / 2)
#define MAX_VECTORS 4
#define MAX_SUMS (MAX_VECTORS * WG_TRANSPOSED_ROWS)

#include "gemm/native_finish_tmpl.h"

static void PACK(int64_t k, int64_t n, const void *from, int64_t row, int64_t column, void *to, int64_t width);

/* Copies rows of a to to[p * rows + r], so that a kernel reads it in order. Writes up to LANES elements more. */
WG_INLINE void T(pack_left)(const int rows, const struct wg_tiles *t, REAL *to)
{
    const REAL *a = (const REAL *)t->a;
    int64_t p = 0;
    if (t->a_column == 1 && rows > 1 && rows <= LANES)
        for (; p + LANES <= t->k; p += LANES) {
            VEC x[LANES];
            WG_UNROLL(r, LANES)
                x[r] = r < rows ? LOAD(a + r * t->a_row + p) : ZERO;
            TRANSPOSE(x);
            WG_UNROLL(q, LANES)
                STORE(to + (p + q) * rows, x[q]);
        }
    for (; p < t->k; p++)
        WG_UNROLL(r, rows)
            to[p * rows + r] = a[r * t->a_row + p * t->a_column];
}

/* sum[r][v] += a[r] x[v - first] for one step of k. */
WG_INLINE void T(add_step)(const int rows, const int first, const int end, const REAL *a, const VEC *x, VEC sum[][MAX_VECTORS])
{
    WG_UNROLL(r, rows) {
        const VEC left = SPLAT(a + r);
        WG_UNROLL(v, end)
            if (v >= first)
                sum[r][v] = FMA(left, x[(v - first) * HALF], sum[r][v]);
    }
}

/* The rest of the sums, transposed in memory: from step `first` of k on, or for columns that do not fill the vectors. */
WG_INLINE void T(add_edge)(const int rows, const int vectors, const struct wg_tiles *t, int64_t first, const T(place) * at,
                           VEC sum[][MAX_VECTORS])
{
    for (int64_t p = first; p < t->k; p += LANES) {
        REAL block[LANES * MAX_VECTORS * LANES] __attribute__((aligned(64)));
        const int64_t steps = t->k - p < LANES ? t->k - p : LANES;
        PACK(steps, t->columns, at->b + p, 1, t->b_column, block, vectors * LANES);
        for (int64_t q = 0; q < steps; q++) {
            VEC x[MAX_VECTORS * HALF];
            WG_UNROLL(v, vectors)
                x[v * HALF] = LOAD(block + (q * vectors + v) * LANES);
            T(add_step)(rows, 0, vectors, at->a + (p + q) * rows, x, sum);
        }
    }
}

/* The sums of a few rows. b is transposed in registers, since a packed copy would be read only once. */
WG_INLINE void T(multiply)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, VEC sum[][MAX_VECTORS])
{
    const int together = TOGETHER(vectors);
    const int64_t whole = t->columns == vectors * LANES ? t->k / LANES : 0;
    struct wg_lines lines = wg_lines_of(t->b_column, sizeof(REAL));
    const REAL *a = at->a, *b = at->b;
    WG_UNROLL(r, rows)
        WG_UNROLL(v, vectors)
            sum[r][v] = ZERO;
    for (int64_t n = whole; n > 0; n--) {
        const REAL *from[MAX_VECTORS] = {b}, *fourth[MAX_VECTORS];
        WG_KEEP_IN_REGISTER(lines.one); /* its multiples are computed by addressing, not kept */
        WG_UNROLL(v, vectors) {
            from[v] = v > 0 ? wg_beyond(from[v - 1], LANES * lines.one) : b;
            fourth[v] = wg_beyond(from[v], 4 * lines.one);
        }
        WG_UNROLL(half, 2)
            WG_UNROLL(first, vectors / together) {
                VEC x[MAX_VECTORS * HALF];
                WG_UNROLL(v, together)
                    LOAD_ACROSS(rows, from[first * together + v] + half * HALF, fourth[first * together + v] + half * HALF, &lines,
                                x + v * HALF);
                WG_UNROLL(q, HALF)
                    T(add_step)(rows, first * together, (first + 1) * together, a + (half * HALF + q) * rows, x + q, sum);
            }
        a += LANES * rows;
        b += LANES;
        WG_KEEP_IN_REGISTER(a);
        WG_KEEP_IN_REGISTER(b);
    }
    T(add_edge)(rows, vectors, t, whole * LANES, at, sum);
}

/* Stores sums whose columns are contiguous in c. */
WG_INLINE void T(store_columns)(const int rows, const int vectors, const struct wg_tiles *t, REAL *c, VEC sum[][MAX_VECTORS])
{
    WG_UNROLL(v, vectors) {
        VEC x[LANES];
        WG_UNROLL(r, LANES)
            x[r] = r < rows ? sum[r][v] : ZERO;
        TRANSPOSE(x);
        WG_UNROLL(j, LANES)
            if (v < vectors - 1 || v * LANES + j < t->columns)
                memcpy(c + (v * LANES + j) * t->c_column, &x[j], (size_t)rows * sizeof(REAL));
    }
}

WG_INLINE void T(tile)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at)
{
    const MASK last = MASK_OF(t->columns - (vectors - 1) * LANES);
    VEC sum[WG_TRANSPOSED_ROWS][MAX_VECTORS];
    T(multiply)(rows, vectors, t, at, sum);
    if (t->c_row == 1 && t->c_column != 1 && t->beta == 0 && rows <= LANES &&
        (!at->bias || t->bias_column == 0 || (t->bias_column == 1 && t->bias_row == 0))) {
        T(add_rest)(rows, vectors, t, at, last, sum);
        T(store_columns)(rows, vectors, t, at->c, sum);
    } else {
        T(finish)(rows, vectors, t, at, last, sum);
    }
}

WG_INLINE void T(tiles)(const int rows, const struct wg_tiles *all)
{
    const int widths[] = {WIDTHS}, most = widths[rows - 1];
    struct wg_tiles t = *all;
    REAL packed[WG_TRANSPOSED_ROWS * WG_MAX_DEPTHS + LANES];
    T(place) at = {.a = t.a, .b = t.b, .c = t.c, .bias = t.bias};
    if ((rows > 1 && t.a_row != 1) || t.a_column != rows) {
        T(pack_left)(rows, &t, packed);
        at.a = packed;
    }
    for (int64_t left = all->columns; left > 0; left -= t.columns) {
        const int64_t vectors = left >= most * LANES ? most : left >= 2 * LANES ? 2 : 1;
        t.columns = left < LANES ? left : vectors * LANES;
        if (vectors == most)
            T(tile)(rows, most, &t, &at);
        else if (vectors == 2)
            T(tile)(rows, 2, &t, &at);
        else
            T(tile)(rows, 1, &t, &at);
        at.b += t.columns * t.b_column;
        at.c += t.columns * t.c_column;
        at.bias = T(bias_at)(at.bias, t.columns * t.bias_column);
    }
}

static void T(row_1)(const struct wg_tiles *t)
{
    T(tiles)(1, t);
}

static void T(rows_2)(const struct wg_tiles *t)
{
    T(tiles)(2, t);
}

static void T(rows_3)(const struct wg_tiles *t)
{
    T(tiles)(3, t);
}

static void T(rows_4)(const struct wg_tiles *t)
{
    T(tiles)(4, t);
}

static wg_tile_kernel *const T(transposed)[WG_TRANSPOSED_ROWS] = {T(row_1), T(rows_2), T(rows_3), T(rows_4)};

#undef HALF
#undef MAX_VECTORS
#undef MAX_SUMS
