/* Template: the native kernels for one instruction set and one element type. The includer defines

       REAL, T(name)                the element type; the name with the type's suffix
       ROWS, ROWS_OF_3, ROWS_OF_4   the largest tile height for a width of one or two, of three, and of four vectors
       WIDE                         the tile width in vectors
       VEC, LANES                   a vector; its number of elements
       MASK, MASK_OF(n)             a mask; the mask of the first n elements
       ZERO, LOAD(p), LOAD_SOME(mask, p), STORE(p, x), STORE_SOME(p, mask, x), SPLAT(p), FMA(x, y, z) = x y + z, ADD(x, y), RELU(x)
       T(transpose)(x)              transposes LANES vectors in place
       T(load_transposed)(p, line, x)   loads the first HALF elements of LANES lines as HALF vectors
       FMA_ONE                      the fma of scalars

   Everything is inlined into functions in which the numbers of rows and vectors are constants, so that the sums stay in
   registers. */

#define INLINE static inline __attribute__((always_inline))
#define WG_UNROLL(index, n) _Pragma("GCC unroll 16") for (int index = 0; index < (n); index++)
#define HALF (LANES / 2)

enum { T(MOST_VECTORS) = 4, T(MOST_SUMS) = 2 * ROWS < 16 ? 16 : 2 * ROWS }; /* widest tile, largest tile, in vectors */

/* The addresses of a tile's operands. */
typedef struct {
    const REAL *a, *b, *bias;
    REAL *c;
} T(place);

/* The addresses of a's rows. Two pointers and the multiples 1, 3 and 5 of the stride, which the CPU scales by 1, 2 or 4, reach
   fourteen rows. WG_KEEP_IN_REGISTER keeps the compiler from other addresses, which need more registers than there are. */
typedef struct {
    const char *first, *seventh;
    int64_t one, three, five, step;
} T(rows);

INLINE T(rows) T(rows_of)(const int count, const struct wg_tiles *t, const REAL *a)
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

INLINE const REAL *T(row_at)(const T(rows) * a, int r)
{
    const int64_t in_seven[] = {0, a->one, 2 * a->one, a->three, 4 * a->one, a->five, 2 * a->three};
    return (const REAL *)(const void *)((r < 7 ? a->first : a->seventh) + in_seven[r % 7]);
}

INLINE void T(multiply)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                        VEC sum[ROWS][T(MOST_VECTORS)])
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
        VEC right[T(MOST_VECTORS)];
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

/* Adds beta c and the bias to the sums, then applies relu. The bias has one element per row, or one per column with stride 1. */
INLINE void T(add_rest)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                        VEC sum[ROWS][T(MOST_VECTORS)])
{
    if (t->beta != 0) {
        const REAL beta = (REAL)t->beta;
        const VEC factor = SPLAT(&beta);
        WG_UNROLL(r, rows)
            WG_UNROLL(v, vectors) {
                const REAL *c = at->c + r * t->c_row + v * LANES;
                sum[r][v] = FMA(factor, v < vectors - 1 ? LOAD(c) : LOAD_SOME(last, c), sum[r][v]);
            }
    }
    if (at->bias && t->bias_column == 0) {
        WG_UNROLL(r, rows) {
            const VEC x = SPLAT(at->bias + r * t->bias_row);
            WG_UNROLL(v, vectors)
                sum[r][v] = ADD(sum[r][v], x);
        }
    } else if (at->bias) {
        WG_UNROLL(v, vectors) {
            const VEC x = v < vectors - 1 ? LOAD(at->bias + v * LANES) : LOAD_SOME(last, at->bias + v * LANES);
            WG_UNROLL(r, rows)
                sum[r][v] = ADD(sum[r][v], x);
        }
    }
    if (t->relu)
        WG_UNROLL(r, rows)
            WG_UNROLL(v, vectors)
                sum[r][v] = RELU(sum[r][v]);
}

INLINE void T(store)(const int rows, const int vectors, REAL *c, int64_t c_row, MASK last, VEC sum[ROWS][T(MOST_VECTORS)])
{
    WG_UNROLL(r, rows) {
        WG_UNROLL(v, vectors - 1)
            STORE(c + r * c_row + v * LANES, sum[r][v]);
        STORE_SOME(c + r * c_row + (vectors - 1) * LANES, last, sum[r][vectors - 1]);
    }
}

/* bias + steps, or NULL if there is no bias: arithmetic on NULL is undefined, even adding 0. */
INLINE const REAL *T(bias_at)(const REAL *bias, int64_t steps)
{
    return bias ? bias + steps : NULL;
}

/* Writes the sums of a tile whose rows are not contiguous, or whose bias is not one that add_rest handles. */
static __attribute__((noinline)) void T(scatter)(int rows, int width, const struct wg_tiles *t, REAL *c, const REAL *bias,
                                                 const REAL *sum)
{
    const bool plain = t->beta == 0 && !bias && !t->relu;
    for (int r = 0; r < rows; r++, sum += width, c += t->c_row, bias = T(bias_at)(bias, t->bias_row)) {
        for (int64_t j = 0; plain && j < t->columns; j++)
            c[j * t->c_column] = sum[j];
        for (int64_t j = 0; !plain && j < t->columns; j++) {
            REAL x = t->beta != 0 ? FMA_ONE((REAL)t->beta, c[j * t->c_column], sum[j]) : sum[j];
            if (bias)
                x = x + bias[j * t->bias_column];
            c[j * t->c_column] = t->relu && x <= 0 ? 0 : x;
        }
    }
}

INLINE void T(finish)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                      VEC sum[ROWS][T(MOST_VECTORS)])
{
    if (t->c_column == 1 && (!t->bias || t->bias_column == 0 || (t->bias_column == 1 && t->bias_row == 0))) {
        T(add_rest)(rows, vectors, t, at, last, sum);
        T(store)(rows, vectors, at->c, t->c_row, last, sum);
    } else {
        REAL sums[T(MOST_SUMS) * LANES];
        T(store)(rows, vectors, sums, vectors * LANES, last, sum);
        T(scatter)(rows, vectors * LANES, t, at->c, at->bias, sums);
    }
}

INLINE void T(tiles)(const int rows, const int vectors, const struct wg_tiles *t)
{
    const MASK last = MASK_OF(t->columns - (vectors - 1) * LANES);
    T(place) at = {.a = t->a, .b = t->b, .c = t->c, .bias = t->bias};
    for (int64_t tile = 0; tile < t->count; tile++) {
        VEC sum[ROWS][T(MOST_VECTORS)];
        T(multiply)(rows, vectors, t, &at, last, sum);
        T(finish)(rows, vectors, t, &at, last, sum);
        at.a += t->next_a;
        at.b += t->next_b;
        at.c += t->next_c;
        at.bias = T(bias_at)(at.bias, t->next_bias);
    }
}

/* ---- few rows of c, contiguous columns of b ---- */

/* Transposes a block: to[p * width + j] = from[j * line + p] for p < k and j < n, both at most LANES. */
static __attribute__((noinline)) void T(transpose_block)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to,
                                                         int64_t width)
{
    VEC x[LANES];
    const MASK across = MASK_OF(n), along = MASK_OF(k);
    if (k == LANES && n == LANES) {
        T(load_transposed)(from, line, x);
        T(load_transposed)(from + HALF, line, x + HALF);
        WG_UNROLL(p, LANES)
            STORE(to + p * width, x[p]);
    } else {
        WG_UNROLL(j, LANES)
            x[j] = j < n ? LOAD_SOME(along, from + j * line) : ZERO;
        T(transpose)(x);
        WG_UNROLL(p, LANES)
            if (p < k)
                STORE_SOME(to + p * width, across, x[p]);
    }
}

INLINE void T(multiply_step)(const int rows, const int vectors, const REAL *a, int64_t a_row, const VEC *x, int64_t strided,
                             VEC sum[ROWS][T(MOST_VECTORS)])
{
    WG_UNROLL(r, rows) {
        const VEC left = SPLAT(a + r * a_row);
        WG_UNROLL(v, vectors)
            sum[r][v] = FMA(left, x[v * strided], sum[r][v]);
    }
}

/* The sums of a few rows. b is transposed in registers, since a packed copy would be read only once; edges are transposed in
   memory. */
INLINE void T(multiply_transposed)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at,
                                   VEC sum[ROWS][T(MOST_VECTORS)])
{
    const int64_t line = t->b_column, a_row = t->a_row, a_column = t->a_column;
    const int64_t whole = t->columns == vectors * LANES ? t->k / LANES * LANES : 0;
    const REAL *a = at->a;
    WG_UNROLL(r, rows)
        WG_UNROLL(v, vectors)
            sum[r][v] = ZERO;
    for (int64_t p = 0; p < whole; p += HALF) {
        VEC x[2][HALF];
        WG_UNROLL(v, vectors)
            T(load_transposed)(at->b + p + v * LANES * line, line, x[v]);
        WG_UNROLL(q, HALF) {
            T(multiply_step)(rows, vectors, a, a_row, &x[0][q], HALF, sum);
            a += a_column;
            WG_KEEP_IN_REGISTER(a);
        }
    }
    for (int64_t p = whole; p < t->k; p += LANES) {
        REAL transposed[LANES * 2 * LANES] __attribute__((aligned(64)));
        const int64_t steps = t->k - p < LANES ? t->k - p : LANES;
        WG_UNROLL(v, vectors) {
            const int64_t left = t->columns - v * LANES, n = left < LANES ? left : LANES;
            T(transpose_block)(steps, n, at->b + p + v * LANES * line, line, transposed + v * LANES, vectors * LANES);
        }
        for (int64_t q = 0; q < steps; q++, a += a_column) {
            VEC x[2];
            WG_UNROLL(v, vectors)
                x[v] = LOAD(transposed + (q * vectors + v) * LANES);
            T(multiply_step)(rows, vectors, a, a_row, x, 1, sum);
        }
    }
}

INLINE void T(transposed_part)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at)
{
    VEC sum[ROWS][T(MOST_VECTORS)];
    T(multiply_transposed)(rows, vectors, t, at, sum);
    T(finish)(rows, vectors, t, at, MASK_OF(t->columns - (vectors - 1) * LANES), sum);
}

INLINE void T(transposed)(const int rows, const struct wg_tiles *all)
{
    struct wg_tiles t = *all;
    T(place) at = {.a = t.a, .b = t.b, .c = t.c, .bias = t.bias};
    for (int64_t left = all->columns; left > 0; left -= t.columns) {
        t.columns = left >= 2 * LANES ? 2 * LANES : left < LANES ? left : LANES;
        if (t.columns > LANES)
            T(transposed_part)(rows, 2, &t, &at);
        else
            T(transposed_part)(rows, 1, &t, &at);
        at.b += t.columns * t.b_column;
        at.c += t.columns * t.c_column;
        at.bias = T(bias_at)(at.bias, t.columns * t.bias_column);
    }
}

/* One function for each tile size, and tables of these functions. */
#define TILES(rows, vectors)                                          \
    static void T(tiles_##rows##_##vectors)(const struct wg_tiles *t) \
    {                                                                 \
        T(tiles)(rows, vectors, t);                                   \
    }
#define TRANSPOSED(rows, ignored)                              \
    static void T(transposed_##rows)(const struct wg_tiles *t) \
    {                                                          \
        T(transposed)(rows, t);                                \
    }
#define NAME_TRANSPOSED(rows, ignored) T(transposed_##rows),
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

#define ALL_TILES \
    UP_TO(ROWS)(TILES, 1) UP_TO(ROWS)(TILES, 2) UP_TO(ROWS_OF_3)(TILES, 3) UP_TO(ROWS_OF_4)(TILES, 4) UP_TO_4(TRANSPOSED, 1)

ALL_TILES
static wg_tile_kernel *const T(of_1)[ROWS] = {UP_TO(ROWS)(NAME, 1)};
static wg_tile_kernel *const T(of_2)[ROWS] = {UP_TO(ROWS)(NAME, 2)};
static wg_tile_kernel *const T(of_3)[ROWS_OF_3] = {UP_TO(ROWS_OF_3)(NAME, 3)};
static wg_tile_kernel *const T(of_4)[ROWS_OF_4] = {UP_TO(ROWS_OF_4)(NAME, 4)};
static wg_tile_kernel *const T(all_transposed)[WG_TRANSPOSED_ROWS] = {UP_TO_4(NAME_TRANSPOSED, 1)};

/* ---- packing ---- */

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

#define WG_KERNELS                                                                                                     \
    {                                                                                                                  \
        .lanes = LANES, .lanes_shift = __builtin_ctz(LANES), .rows = {ROWS, ROWS, ROWS_OF_3, ROWS_OF_4}, .wide = WIDE, \
        .tiles = {T(of_1), T(of_2), T(of_3), T(of_4)}, .transposed = T(all_transposed), .pack = T(pack),               \
    }
static const struct wg_kernels T(kernels) = WG_KERNELS;

#undef WG_KERNELS
#undef INLINE
#undef WG_REDUCTION_NONE
#undef HALF
#undef TILES
#undef NAME
#undef ALL_TILES
#undef UP_TO_3
#undef TRANSPOSED
#undef NAME_TRANSPOSED
#undef UP_TO_4
#undef UP_TO_6
#undef UP_TO_9
#undef UP_TO_14
#undef UP_TO_
#undef UP_TO
