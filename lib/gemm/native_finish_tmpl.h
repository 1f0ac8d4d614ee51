/* Template: what follows the sums of a tile, for one instruction set and one element type. native_kernel_tmpl.h includes it and defines
   MAX_VECTORS and MAX_SUMS, the vectors of the widest and of the largest tile; native_dots_tmpl.h uses it. */

/* The addresses of a tile's operands. */
typedef struct {
    const REAL *a, *b, *bias;
    REAL *c;
} T(place);

/* Adds beta c and the bias to the sums, then applies relu. The bias has one element per row, or one per column with stride 1. */
WG_INLINE void T(add_rest)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                           VEC sum[][MAX_VECTORS])
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

WG_INLINE void T(store)(const int rows, const int vectors, REAL *c, int64_t c_row, MASK last, VEC sum[][MAX_VECTORS])
{
    WG_UNROLL(r, rows) {
        WG_UNROLL(v, vectors - 1)
            STORE(c + r * c_row + v * LANES, sum[r][v]);
        STORE_SOME(c + r * c_row + (vectors - 1) * LANES, last, sum[r][vectors - 1]);
    }
}

/* bias + steps, or NULL if there is no bias: arithmetic on NULL is undefined, even adding 0. */
WG_INLINE const REAL *T(bias_at)(const REAL *bias, int64_t steps)
{
    return bias ? bias + steps : NULL;
}

#ifdef TRANSPOSE_FOURS
/* Writes four rows of sums side by side: each column of four at once. Rows of sums are whole vectors. */
static void T(scatter_fours)(int width, const struct wg_tiles *t, REAL *c, const REAL *sum)
{
    REAL columns[WG_FEW * LANES];
    for (int64_t first = 0; first < t->columns; first += LANES) {
        VEC x[WG_FEW];
        WG_UNROLL(r, WG_FEW)
            x[r] = LOAD(sum + r * width + first);
        TRANSPOSE_FOURS(x);
        WG_UNROLL(r, WG_FEW)
            STORE(columns + r * LANES, x[r]);
        for (int64_t j = 0; j < LANES && first + j < t->columns; j++, c += t->c_column)
            memcpy(c, columns + j % WG_FEW * LANES + j / WG_FEW * WG_FEW, WG_FEW * sizeof(REAL));
    }
}
#endif

/* Writes the sums of a tile whose rows are not contiguous, or whose bias is not one that add_rest handles. */
static __attribute__((noinline)) void T(scatter)(int rows, int width, const struct wg_tiles *t, REAL *c, const REAL *bias,
                                                 const REAL *sum)
{
    const bool plain = t->beta == 0 && !bias && !t->relu;
#ifdef TRANSPOSE_FOURS
    if (plain && rows == WG_FEW && t->c_row == 1 && width % LANES == 0) {
        T(scatter_fours)(width, t, c, sum);
        return;
    }
#endif
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

WG_INLINE void T(finish)(const int rows, const int vectors, const struct wg_tiles *t, const T(place) * at, MASK last,
                         VEC sum[][MAX_VECTORS])
{
    if (t->c_column == 1 && (!t->bias || t->bias_column == 0 || (t->bias_column == 1 && t->bias_row == 0))) {
        T(add_rest)(rows, vectors, t, at, last, sum);
        T(store)(rows, vectors, at->c, t->c_row, last, sum);
    } else {
        REAL sums[MAX_SUMS * LANES];
        T(store)(rows, vectors, sums, vectors * LANES, last, sum);
        T(scatter)(rows, vectors * LANES, t, at->c, at->bias, sums);
    }
}
