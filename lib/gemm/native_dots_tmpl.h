/* Template: the native kernels for products of at most WG_FEW columns whose sums run along contiguous rows of a (native_gemm.h has the
   order of summation), for one instruction set and one element type. Included by native_kernel_tmpl.h; the includer defines also

       FOLD(x)            a vector whose element i is the sum of the elements of x[i], i < LANES: the second half is added to the first,
                          and so on down to one
       TOGETHER(columns)  how many rows are multiplied at once: as many as registers hold sums for */

#define PARTIALS (WG_DOT_BYTES / (int)sizeof(REAL))
#define VECTORS (WG_DOT_BYTES / (int)sizeof(VEC)) /* of the partial sums of one element */

/* A tile of c: RESULTS elements, WIDTH of each row, of which `columns` are used. */
#define RESULTS 16
#define WIDTH(columns) ((columns) == 3 ? 4 : (columns))

/* One step of PARTIALS elements of k. MASKED: only `left` of them are in a; those of b are zeros behind them. */
WG_INLINE void T(dot_step)(const int columns, const int rows, const bool masked, int64_t left, const REAL *const *from,
                           const struct wg_lines *lines, const REAL *b, VEC sum[][WG_FEW][VECTORS])
{
    WG_UNROLL(v, VECTORS) {
        const int64_t some = left - v * LANES < 0 ? 0 : left - v * LANES < LANES ? left - v * LANES : LANES;
        WG_UNROLL(r, rows) {
            const REAL *a = (const REAL *)wg_line(from[r / 4], lines, r % 4) + v * LANES;
            const VEC x = masked ? LOAD_SOME(MASK_OF(some), a) : LOAD(a);
            WG_UNROLL(j, columns)
                sum[r][j][v] = FMA(x, LOAD(b + j * WG_MAX_DEPTHS + v * LANES), sum[r][j][v]);
        }
    }
}

/* The partial sums of a few rows, each reduced to one vector: x[r * WIDTH + j]. */
WG_INLINE void T(dot_rows)(const int columns, const int rows, const struct wg_tiles *t, const REAL *a, const REAL *b, VEC *x)
{
    const struct wg_lines lines = wg_lines_of(t->a_row, sizeof(REAL));
    const REAL *from[RESULTS / 4] = {a};
    VEC sum[RESULTS][WG_FEW][VECTORS];
    WG_UNROLL(q, (rows + 3) / 4)
        from[q] = q > 0 ? wg_beyond(from[q - 1], 4 * lines.one) : a;
    WG_UNROLL(r, rows)
        WG_UNROLL(j, columns)
            WG_UNROLL(v, VECTORS)
                sum[r][j][v] = ZERO;
    for (int64_t n = t->k / PARTIALS; n > 0; n--) {
        T(dot_step)(columns, rows, false, PARTIALS, from, &lines, b, sum);
        b += PARTIALS;
        WG_UNROLL(q, (rows + 3) / 4) {
            from[q] += PARTIALS;
            WG_KEEP_IN_REGISTER(from[q]);
        }
    }
    if (t->k % PARTIALS)
        T(dot_step)(columns, rows, true, t->k % PARTIALS, from, &lines, b, sum);
    WG_UNROLL(r, rows)
        WG_UNROLL(j, columns) {
            for (int half = VECTORS / 2; half > 0; half /= 2)
                WG_UNROLL(v, half)
                    sum[r][j][v] = ADD(sum[r][j][v], sum[r][j][v + half]);
            x[r * WIDTH(columns) + j] = sum[r][j][0];
        }
}

WG_INLINE void T(fold_all)(const VEC *x, REAL *sums)
{
    WG_UNROLL(i, RESULTS / LANES)
        STORE(sums + i * LANES, FOLD(x + i * LANES));
}

/* The sums of a tile of all its rows: element r * WIDTH + j is that of row r and column j. */
WG_INLINE void T(dot_tile)(const int columns, const struct wg_tiles *t, const T(place) * at, REAL *sums)
{
    const int rows = RESULTS / WIDTH(columns), together = TOGETHER(columns) < rows ? TOGETHER(columns) : rows;
    VEC x[RESULTS];
    WG_UNROLL(i, RESULTS)
        x[i] = ZERO;
    WG_UNROLL(part, rows / together)
        T(dot_rows)(columns, together, t, at->a + part * together * t->a_row, at->b, x + part * together * WIDTH(columns));
    T(fold_all)(x, sums);
}

/* The same for fewer rows, one by one. */
WG_INLINE void T(dot_edge)(const int columns, int64_t rows, const struct wg_tiles *t, const T(place) * at, REAL *sums)
{
    VEC x[RESULTS];
    WG_UNROLL(i, RESULTS)
        x[i] = ZERO;
    for (int64_t r = 0; r < rows; r++)
        T(dot_rows)(columns, 1, t, at->a + r * t->a_row, at->b, x + r * WIDTH(columns));
    T(fold_all)(x, sums);
}

/* Writes a tile, whose sums take less time than a loop over few columns. */
WG_INLINE void T(dot_store)(const int columns, int64_t rows, const struct wg_tiles *t, const T(place) * at, const REAL *sums)
{
    const int most = RESULTS / WIDTH(columns);
    if (rows == most && t->beta == 0 && !at->bias && !t->relu) {
        WG_UNROLL(r, most)
            WG_UNROLL(j, columns)
                at->c[r * t->c_row + j * t->c_column] = sums[r * WIDTH(columns) + j];
    } else {
        T(scatter)((int)rows, WIDTH(columns), t, at->c, at->bias, sums);
    }
}

/* b's columns one behind the other, filled up with zeros. */
WG_INLINE void T(dot_columns)(const int columns, const struct wg_tiles *t, REAL *to)
{
    T(pack)(columns, t->k, t->b, t->b_column, t->b_row, to, WG_MAX_DEPTHS);
    WG_UNROLL(j, columns)
        for (int64_t p = t->k; p % PARTIALS; p++)
            to[j * WG_MAX_DEPTHS + p] = 0;
}

WG_INLINE void T(dots)(const int columns, const struct wg_tiles *t)
{
    const int64_t most = RESULTS / WIDTH(columns);
    REAL packed[WG_FEW * WG_MAX_DEPTHS] __attribute__((aligned(64))), sums[RESULTS];
    T(place) at = {.a = t->a, .b = packed, .c = t->c, .bias = t->bias};
    T(dot_columns)(columns, t, packed);
    for (int64_t left = t->count; left > 0; left -= most) {
        const int64_t rows = left < most ? left : most;
        if (rows == most)
            T(dot_tile)(columns, t, &at, sums);
        else
            T(dot_edge)(columns, rows, t, &at, sums);
        T(dot_store)(columns, rows, t, &at, sums);
        at.a += rows * t->a_row;
        at.c += rows * t->c_row;
        at.bias = T(bias_at)(at.bias, rows * t->bias_row);
    }
}

static void T(dots_1)(const struct wg_tiles *t)
{
    T(dots)(1, t);
}

static void T(dots_2)(const struct wg_tiles *t)
{
    T(dots)(2, t);
}

static void T(dots_3)(const struct wg_tiles *t)
{
    T(dots)(3, t);
}

static void T(dots_4)(const struct wg_tiles *t)
{
    T(dots)(4, t);
}

static wg_tile_kernel *const T(all_dots)[WG_FEW] = {T(dots_1), T(dots_2), T(dots_3), T(dots_4)};

#undef PARTIALS
#undef VECTORS
#undef RESULTS
#undef WIDTH
