/* The kernels of a product for one instruction set and one number type. Given are REAL with T(name) its names, ROWS, LOW_ROWS, and
   vectors: VEC of LANES numbers, MASK for the first few of them, and on them MASK_OF(n), ZERO, LOAD(p), LOAD_SOME(mask, p),
   STORE(p, x), STORE_SOME(p, mask, x), SPLAT(p), FMA(x, y, z) = x y + z, ADD(x, y), RELU(x), T(transpose)(x) of LANES vectors in
   place, and FMA_ONE for single numbers. All is inlined into functions in which the numbers of rows and of vectors are constants,
   so that the sums stay in registers. */

#define INLINE static inline __attribute__((always_inline))
#define EACH(index, n) _Pragma("GCC unroll 16") for (int index = 0; index < (n); index++)

enum { T(MOST_VECTORS) = 4 };

/* Where row r of a's rows lies: two pointers and four multiples of the stride address fourteen rows. The compiler is kept from
   finding another way, which takes more registers than there are. */
typedef struct {
    const char *first, *seventh;
    int64_t one, three, five, step;
} T(rows);

#define KEEP_IN_REGISTER(x) __asm__("" : "+r"(x))

INLINE T(rows) T(rows_of)(const struct wg_tile *t)
{
    const int64_t size = (int64_t)sizeof(REAL);
    T(rows)
    a = {(const char *)t->a, (const char *)t->a + 7 * t->a_row * size, t->a_row * size, 3 * t->a_row * size, 5 * t->a_row * size,
         t->a_column * size};
    KEEP_IN_REGISTER(a.one);
    KEEP_IN_REGISTER(a.three);
    KEEP_IN_REGISTER(a.five);
    return a;
}

INLINE const REAL *T(row_at)(const T(rows) * a, int r)
{
    const int64_t in_seven[] = {0, a->one, 2 * a->one, a->three, 4 * a->one, a->five, 2 * a->three};
    return (const REAL *)(const void *)((r < 7 ? a->first : a->seventh) + in_seven[r % 7]);
}

INLINE void T(multiply)(const int rows, const int vectors, const struct wg_tile *t, MASK last, VEC sum[ROWS][T(MOST_VECTORS)])
{
    T(rows) a = T(rows_of)(t);
    const REAL *b = (const REAL *)t->b;
    EACH(r, rows)
    EACH(v, vectors)
    sum[r][v] = ZERO;
    for (int64_t p = 0; p < t->k; p++) {
        VEC right[T(MOST_VECTORS)];
        EACH(v, vectors - 1)
        right[v] = LOAD(b + v * LANES);
        right[vectors - 1] = LOAD_SOME(last, b + (vectors - 1) * LANES);
        EACH(r, rows)
        {
            const VEC left = SPLAT(T(row_at)(&a, r));
            EACH(v, vectors)
            sum[r][v] = FMA(left, right[v], sum[r][v]);
        }
        b += t->b_row;
        a.first += a.step;
        a.seventh += a.step;
        KEEP_IN_REGISTER(a.first);
        KEEP_IN_REGISTER(a.seventh);
    }
}

/* What is added to the sums: c, the bias, which is the same in each row or in each column. */
INLINE void T(add_rest)(const int rows, const int vectors, const struct wg_tile *t, MASK last, VEC sum[ROWS][T(MOST_VECTORS)])
{
    const REAL *c = (const REAL *)t->c, *bias = (const REAL *)t->bias;
    if (t->beta != 0) {
        const REAL beta = (REAL)t->beta;
        const VEC factor = SPLAT(&beta);
        EACH(r, rows)
        EACH(v, vectors)
        {
            const REAL *at = c + r * t->c_row + v * LANES;
            sum[r][v] = FMA(factor, v < vectors - 1 ? LOAD(at) : LOAD_SOME(last, at), sum[r][v]);
        }
    }
    if (bias && t->bias_column == 0) {
        EACH(r, rows)
        {
            const VEC x = SPLAT(bias + r * t->bias_row);
            EACH(v, vectors)
            sum[r][v] = ADD(sum[r][v], x);
        }
    } else if (bias) {
        EACH(v, vectors)
        {
            const VEC x = v < vectors - 1 ? LOAD(bias + v * LANES) : LOAD_SOME(last, bias + v * LANES);
            EACH(r, rows)
            sum[r][v] = ADD(sum[r][v], x);
        }
    }
    if (t->relu)
        EACH(r, rows)
    EACH(v, vectors)
    sum[r][v] = RELU(sum[r][v]);
}

INLINE void T(store)(const int rows, const int vectors, REAL *c, int64_t c_row, MASK last, VEC sum[ROWS][T(MOST_VECTORS)])
{
    EACH(r, rows)
    {
        EACH(v, vectors - 1)
        STORE(c + r * c_row + v * LANES, sum[r][v]);
        STORE_SOME(c + r * c_row + (vectors - 1) * LANES, last, sum[r][vectors - 1]);
    }
}

/* The sums of a tile whose rows are not contiguous, or whose bias is neither along rows nor along columns. */
static void T(scatter)(int rows, int width, const struct wg_tile *t, const REAL *sum)
{
    for (int r = 0; r < rows; r++)
        for (int64_t j = 0; j < t->columns; j++) {
            REAL *c = (REAL *)t->c + r * t->c_row + j * t->c_column, x = sum[r * width + j];
            if (t->beta != 0)
                x = FMA_ONE((REAL)t->beta, *c, x);
            if (t->bias)
                x = x + ((const REAL *)t->bias)[r * t->bias_row + j * t->bias_column];
            *c = t->relu && x <= 0 ? 0 : x;
        }
}

INLINE void T(tile)(const int rows, const int vectors, const struct wg_tile *t)
{
    VEC sum[ROWS][T(MOST_VECTORS)];
    const MASK last = MASK_OF(t->columns - (vectors - 1) * LANES);
    T(multiply)(rows, vectors, t, last, sum);
    if (t->c_column == 1 && (!t->bias || t->bias_column == 0 || (t->bias_column == 1 && t->bias_row == 0))) {
        T(add_rest)(rows, vectors, t, last, sum);
        T(store)(rows, vectors, (REAL *)t->c, t->c_row, last, sum);
    } else {
        REAL sums[ROWS * 2 * LANES];
        T(store)(rows, vectors, sums, vectors * LANES, last, sum);
        T(scatter)(rows, vectors * LANES, t, sums);
    }
}

/* A function for each size of a tile, and tables of them. */
#define TILE(rows, vectors)                                         \
    static void T(tile_##rows##_##vectors)(const struct wg_tile *t) \
    {                                                               \
        T(tile)(rows, vectors, t);                                  \
    }
#define NAME(rows, vectors) T(tile_##rows##_##vectors),
#define UP_TO_3(DO, vectors) DO(1, vectors) DO(2, vectors) DO(3, vectors)
#define UP_TO_6(DO, vectors) UP_TO_3(DO, vectors) DO(4, vectors) DO(5, vectors) DO(6, vectors)
#define UP_TO_14(DO, vectors) \
    UP_TO_6(DO, vectors)      \
    DO(7, vectors) DO(8, vectors) DO(9, vectors) DO(10, vectors) DO(11, vectors) DO(12, vectors) DO(13, vectors) DO(14, vectors)
#define UP_TO_(rows) UP_TO_##rows
#define UP_TO(rows) UP_TO_(rows)

UP_TO(ROWS)
(TILE, 1) UP_TO(ROWS)(TILE, 2) UP_TO(LOW_ROWS)(TILE, 4) static wg_tile_kernel *const T(tiles_1)[ROWS] = {UP_TO(ROWS)(NAME, 1)};
static wg_tile_kernel *const T(tiles_2)[ROWS] = {UP_TO(ROWS)(NAME, 2)};
static wg_tile_kernel *const T(tiles_4)[LOW_ROWS] = {UP_TO(LOW_ROWS)(NAME, 4)};

/* ---- packing ---- */

/* Lines of numbers side by side become columns: to[p * width + j] = from[j * line + p], p < k and j < n, neither above LANES. */
INLINE void T(pack_square)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to, int64_t width)
{
    VEC x[LANES];
    const MASK across = MASK_OF(n), along = MASK_OF(k);
    if (k == LANES && n == LANES) {
        EACH(j, LANES)
        x[j] = LOAD(from + j * line);
        T(transpose)(x);
        EACH(p, LANES)
        STORE(to + p * width, x[p]);
    } else {
        EACH(j, LANES)
        x[j] = j < n ? LOAD_SOME(along, from + j * line) : ZERO;
        T(transpose)(x);
        EACH(p, LANES)
        if (p < k)
            STORE_SOME(to + p * width, across, x[p]);
    }
}

static void T(pack_across)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to, int64_t width)
{
    for (int64_t j = 0; j < n; j += LANES)
        for (int64_t p = 0; p < k; p += LANES)
            T(pack_square)
            (k - p < LANES ? k - p : LANES, n - j < LANES ? n - j : LANES, from + j * line + p, line, to + p * width + j, width);
}

static void T(pack_along)(int64_t k, int64_t n, const REAL *from, int64_t line, REAL *to, int64_t width)
{
    const int64_t whole = (n - 1) / LANES * LANES;
    const MASK last = MASK_OF(n - whole);
    for (int64_t p = 0; p < k; p++, from += line, to += width) {
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

#define WG_KERNELS                                                                                                                \
    {                                                                                                                             \
        .lanes = LANES, .rows = ROWS, .low_rows = LOW_ROWS, .tiles = {T(tiles_1), T(tiles_2), NULL, T(tiles_4)}, .pack = T(pack), \
    }
static const struct wg_kernels T(kernels) = WG_KERNELS;

#undef WG_KERNELS
#undef INLINE
#undef EACH
#undef KEEP_IN_REGISTER
#undef TILE
#undef NAME
#undef UP_TO_3
#undef UP_TO_6
#undef UP_TO_14
#undef UP_TO_
#undef UP_TO
