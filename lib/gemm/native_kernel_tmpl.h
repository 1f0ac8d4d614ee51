/* Template: the native kernels for one instruction set and one element type. The includer defines

       REAL, T(name)                the element type; the name with the type's suffix
       ROWS, ROWS_OF_3, ROWS_OF_4   the largest tile height for a width of one or two, of three, and of four vectors
       WIDE                         the tile width in vectors
       VEC, LANES                   a vector; its number of elements
       MASK, MASK_OF(n)             a mask; the mask of the first n elements
       ZERO, LOAD(p), LOAD_SOME(mask, p), STORE(p, x), STORE_SOME(p, mask, x), SPLAT(p), FMA(x, y, z) = x y + z, ADD(x, y), RELU(x)
       TRANSPOSE(x)                 transposes LANES vectors in place
       TRANSPOSE_FOURS(x)           transposes each four by four elements of four vectors; need not be defined
       LOAD_TRANSPOSED(p, line, x)  loads the first half of LANES lines as LANES / 2 vectors
       FMA_ONE                      the fma of scalars
       FOLD(x), TOGETHER(columns)   as native_dots_tmpl.h says

   Everything is inlined into functions in which the numbers of rows and vectors are constants, so that the sums stay in
   registers. */

#define HALF (LANES / 2)
#define MAX_VECTORS 4
#define MAX_SUMS (2 * ROWS < 16 ? 16 : 2 * ROWS)

#include "gemm/native_finish_tmpl.h"

/* The addresses of a's rows. Two pointers and the multiples 1, 3 and 5 of the stride, which the CPU scales by 1, 2 or 4, reach
   fourteen rows. WG_KEEP_IN_REGISTER keeps the compiler from other addresses, which need more registers than there are. */
typedef struct {
    const char *first, *seventh;
    int64_t one, three, five, step;
} T(rows);

WG_INLINE T(rows) T(rows_of)(const int count, const struct wg_tiles *t, const REAL *a)
{
    const int64_t size = (int64_t)sizeof(REAL);
    T(rows) rows = {.one = t->a_row * size, .three = 3 * t->a_row * size, .five = 5 * t->a_row * size, .step = t->a_column * size};
    rows.first = rows.seventh = (const char *)a;
    rows.seventh += count > 7 ? 7 * rows.one : 0;
    WG_KEEP_IN_REGISTER(rows.one);
    WG_KEEP_IN_REGISTER(rows.three);
    WG_KEEP_IN_REGISTER(rows.five);
    return rows;
}

WG_INLINE const REAL *T(row_at)(const T(rows) * a, int r)
{
    const int64_t in_seven[] = {0, a->one, 2 * a->one, a->three, 4 * a->one, a->five, 2 * a->three};
    return (const REAL *)(const void *)((r < 7 ? a->first : a->seventh) + in_seven[r % 7]);
}

WG_INLINE void T(multiply)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                           VEC sum[ROWS][MAX_VECTORS])
{
    T(rows) a = T(rows_of)(rows, t, at->a);
    const REAL *b = at->b;
    const int64_t k = t->k, b_row = t->b_row;
    if (k > 32)
        WG_UNROLL(r, rows)
            WG_UNROLL(v, vectors)
                __builtin_prefetch(at->c + r * t->c_row + v * LANES, 1);
    WG_UNROLL(r, rows)
        WG_UNROLL(v, vectors)
            sum[r][v] = ZERO;
    for (int64_t p = 0; p < k; p++) {
        VEC right[MAX_VECTORS];
        WG_UNROLL(v, vectors - 1)
            right[v] = LOAD(b + v * LANES);
        right[vectors - 1] = LOAD_SOME(last, b + (vectors - 1) * LANES);
        WG_UNROLL(r, rows) {
            const VEC left = SPLAT(T(row_at)(&a, r));
            WG_UNROLL(v, vectors)
                sum[r][v] = FMA(left, right[v], sum[r][v]);
        }
        b += b_row;
        a.first += a.step;
        WG_KEEP_IN_REGISTER(a.first);
        if (rows > 7) {
            a.seventh += a.step;
            WG_KEEP_IN_REGISTER(a.seventh);
        }
    }
}

WG_INLINE void T(tiles)(const int rows, const int vectors, const struct wg_tiles *t)
{
    const MASK last = MASK_OF(t->columns - (vectors - 1) * LANES);
    T(place) at = {.a = t->a, .b = t->b, .c = t->c, .bias = t->bias};
    for (int64_t tile = 0; tile < t->count; tile++) {
        VEC sum[ROWS][MAX_VECTORS];
        T(multiply)(rows, vectors, t, &at, last, sum);
        T(finish)(rows, vectors, t, &at, last, sum);
        at.a += t->next_a;
        at.b += t->next_b;
        at.c += t->next_c;
        at.bias = T(bias_at)(at.bias, t->next_bias);
    }
}

/* One function for each tile size, and tables of these functions. */
#define TILES(rows, vectors)                                          \
    static void T(tiles_##rows##_##vectors)(const struct wg_tiles *t) \
    {                                                                 \
        T(tiles)(rows, vectors, t);                                   \
    }
#define NAME(rows, vectors) T(tiles_##rows##_##vectors),
#define UP_TO_3(DO, vectors) DO(1, vectors) DO(2, vectors) DO(3, vectors)
#define UP_TO_4(DO, vectors) UP_TO_3(DO, vectors) DO(4, vectors)
#define UP_TO_6(DO, vectors) UP_TO_4(DO, vectors) DO(5, vectors) DO(6, vectors)
#define UP_TO_9(DO, vectors) UP_TO_6(DO, vectors) DO(7, vectors) DO(8, vectors) DO(9, vectors)
#define UP_TO_14(DO, vectors) \
    UP_TO_9(DO, vectors)      \
    DO(10, vectors) DO(11, vectors) DO(12, vectors) DO(13, vectors) DO(14, vectors)
#define UP_TO_(rows) UP_TO_##rows
#define UP_TO(rows) UP_TO_(rows)

#define ALL_TILES UP_TO(ROWS)(TILES, 1) UP_TO(ROWS)(TILES, 2) UP_TO(ROWS_OF_3)(TILES, 3) UP_TO(ROWS_OF_4)(TILES, 4)

ALL_TILES
static wg_tile_kernel *const T(of_1)[ROWS] = {UP_TO(ROWS)(NAME, 1)};
static wg_tile_kernel *const T(of_2)[ROWS] = {UP_TO(ROWS)(NAME, 2)};
static wg_tile_kernel *const T(of_3)[ROWS_OF_3] = {UP_TO(ROWS_OF_3)(NAME, 3)};
static wg_tile_kernel *const T(of_4)[ROWS_OF_4] = {UP_TO(ROWS_OF_4)(NAME, 4)};

/* ---- packing ---- */

/* Transposes a block: to[p * width + j] = from[j * line + p] for p < k and j < n, both at most LANES. */
static __attribute__((noinline)) void T(transpose_block)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to,
                                                         int64_t width)
{
    VEC x[LANES];
    const MASK across = MASK_OF(n), along = MASK_OF(k);
    if (k == LANES && n == LANES) {
        LOAD_TRANSPOSED(from, line, x);
        LOAD_TRANSPOSED(from + HALF, line, x + HALF);
        WG_UNROLL(p, LANES)
            STORE(to + p * width, x[p]);
    } else {
        WG_UNROLL(j, LANES)
            x[j] = j < n ? LOAD_SOME(along, from + j * line) : ZERO;
        TRANSPOSE(x);
        WG_UNROLL(p, LANES)
            if (p < k)
                STORE_SOME(to + p * width, across, x[p]);
    }
}

static __attribute__((noinline)) void T(pack_across)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to, int64_t width)
{
    for (int64_t j = 0; j < n; j += LANES)
        for (int64_t p = 0; p < k; p += LANES)
            T(transpose_block)
    (k - p < LANES ? k - p : LANES, n - j < LANES ? n - j : LANES, from + j * line + p, line, to + p * width + j, width);
}

static void T(pack_along)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to, int64_t width)
{
    const int64_t whole = (n - 1) / LANES * LANES;
    enum { LINE = 64 / sizeof(REAL) };
    const int64_t ahead = n < 4 * LINE ? 16 : 1 + 64 * LINE / n;
    const MASK last = MASK_OF(n - whole);
    for (int64_t p = 0; p < k; p++, from += line, to += width) {
        for (int64_t j = 0; j < n; j += LINE)
            __builtin_prefetch(from + ahead * line + j);
        for (int64_t j = 0; j < whole; j += LANES)
            STORE(to + j, LOAD(from + j));
        STORE_SOME(to + whole, last, LOAD_SOME(last, from + whole));
    }
}

static void T(pack)(int64_t k, int64_t n, const void *x, int64_t row, int64_t column, void *packed, int64_t width)
{
    const REAL *from = (const REAL *)x;
    REAL *to = (REAL *)packed;
    if (column == 1)
        T(pack_along)(k, n, from, row, to, width);
    else if (row == 1)
        T(pack_across)(k, n, from, column, to, width);
    else
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                to[p * width + j] = from[p * row + j * column];
}

#include "gemm/native_dots_tmpl.h"

#define WG_KERNELS                                                                                                     \
    {                                                                                                                  \
        .lanes = LANES, .lanes_shift = __builtin_ctz(LANES), .rows = {ROWS, ROWS, ROWS_OF_3, ROWS_OF_4}, .wide = WIDE, \
        .tiles = {T(of_1), T(of_2), T(of_3), T(of_4)}, .dots = T(all_dots), .pack = T(pack),                           \
    }
static const struct wg_kernels T(kernels) = WG_KERNELS;

#undef WG_KERNELS
#undef HALF
#undef MAX_VECTORS
#undef MAX_SUMS
#undef TILES
#undef NAME
#undef ALL_TILES
#undef UP_TO_3
#undef UP_TO_4
#undef UP_TO_6
#undef UP_TO_9
#undef UP_TO_14
#undef UP_TO_
#undef UP_TO
