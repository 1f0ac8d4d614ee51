/* Template of one pass of a reduction, compiled once per number type. A column is the set of elements that are reduced to one
   result. Define before including it: PASS, the pass's name; ACC, the type of totals; COMBINE(a, b), an associative combination.
   Optional: TERM(x, c), the term of element x in a column with parameter c (default: x); COLUMN, the type of c (default: ACC). It
   defines T(PASS_columns), and T(PASS_run) for one contiguous column of at most a block, which can be used alone.

   The order of combination depends on logical indices alone. A block of 256 elements has 16 interleaved accumulators (lanes),
   combined as a tree. Block totals are combined in the order of carries of a binary counter (pairwise). 64 blocks make a tile, the
   unit of work for threads. Adjacent columns are processed together, which does not change the order within a column. n elements
   take n terms and n - 1 combinations. */

#define OF_PASS(name) T(WG_JOIN(PASS, name))
#ifndef COLUMN
#define COLUMN ACC
#endif
#ifndef TERM
#define TERM(x, c) (x)
#define WG_TERMS_ARE_ELEMENTS
#endif

#define WG_AT(j) ((ACC)(REAL)x[offset[j] + k])

/* Combines the lanes of a block by halves until one is left: the total. */
WG_INLINE void OF_PASS(_tree)(ACC lane[][WG_REDUCE_WIDTH], int64_t lanes, int64_t half, int64_t w, ACC *total)
{
    for (; half > 1; half /= 2)
        for (int64_t j = 0; j < half && j + half < lanes; j++)
            for (int64_t k = 0; k < w; k++)
                lane[j][k] = COMBINE(lane[j][k], lane[j + half][k]);
    if (lanes > 1)
        for (int64_t k = 0; k < w; k++)
            total[k] = COMBINE(lane[0][k], lane[1][k]);
    else
        for (int64_t k = 0; k < w; k++)
            total[k] = lane[0][k];
}

#ifdef WG_TERMS_ARE_ELEMENTS
/* A block with at most two elements per lane, for a full group of adjacent columns. The first combination reads elements directly,
   which saves filling the lanes. */
WG_INLINE void OF_PASS(_few)(const ELEM *x, const int64_t *offset, int64_t m, ACC *total)
{
    enum { HALF = WG_REDUCE_LANES / 2 };
    ACC lane[HALF][WG_REDUCE_WIDTH];
    const int64_t filled = m < HALF ? m : HALF;
    for (int64_t j = 0; j < filled; j++)
        if (j + 3 * HALF < m)
            for (int64_t k = 0; k < WG_REDUCE_WIDTH; k++) {
                const ACC a = COMBINE(WG_AT(j), WG_AT(j + 2 * HALF)), b = COMBINE(WG_AT(j + HALF), WG_AT(j + 3 * HALF));
                lane[j][k] = COMBINE(a, b);
            }
        else if (j + 2 * HALF < m)
            for (int64_t k = 0; k < WG_REDUCE_WIDTH; k++) {
                const ACC a = COMBINE(WG_AT(j), WG_AT(j + 2 * HALF)), b = WG_AT(j + HALF);
                lane[j][k] = COMBINE(a, b);
            }
        else if (j + HALF < m)
            for (int64_t k = 0; k < WG_REDUCE_WIDTH; k++)
                lane[j][k] = COMBINE(WG_AT(j), WG_AT(j + HALF));
        else
            for (int64_t k = 0; k < WG_REDUCE_WIDTH; k++)
                lane[j][k] = WG_AT(j);
    OF_PASS(_tree)(lane, filled, HALF / 2, WG_REDUCE_WIDTH, total);
}
#endif

/* One block of w columns: m elements each, at x + offset[j] + k s for column k, whose parameter is c[k]. The totals go to
   total[w]. */
WG_INLINE void OF_PASS(_block)(const ELEM *x, const int64_t *offset, int64_t m, int64_t s, int64_t w, const COLUMN *c, ACC *total)
{
    ACC lane[WG_REDUCE_LANES][WG_REDUCE_WIDTH];
    const int64_t lanes = m < WG_REDUCE_LANES ? m : WG_REDUCE_LANES;
    (void)c;
    for (int64_t j = 0; j < lanes; j++)
        for (int64_t k = 0; k < w; k++)
            lane[j][k] = TERM((REAL)x[offset[j] + k * s], c[k]);
    if (w == 1) {
        for (int64_t j = lanes; j < m; j++)
            lane[j % WG_REDUCE_LANES][0] = COMBINE(lane[j % WG_REDUCE_LANES][0], TERM((REAL)x[offset[j]], c[0]));
    } else {
        for (int64_t j = lanes; j < m; j++)
            for (int64_t k = 0; k < w; k++)
                lane[j % WG_REDUCE_LANES][k] = COMBINE(lane[j % WG_REDUCE_LANES][k], TERM((REAL)x[offset[j] + k * s], c[k]));
    }
    OF_PASS(_tree)(lane, lanes, WG_REDUCE_LANES / 2, w, total);
}

/* The same for one contiguous column with at least one element per lane: the lanes are SIMD vectors. beyond: memory after the
   column may be read; then the last, partial vector is loaded whole and the elements beyond the column are discarded. Otherwise it
   is loaded from a copy. */
WG_INLINE ACC OF_PASS(_long_run)(const ELEM *x, int64_t m, const COLUMN *c, bool beyond)
{
    ACC lane[WG_REDUCE_LANES];
    (void)c;
    for (int64_t j = 0; j < WG_REDUCE_LANES; j++)
        lane[j] = TERM((REAL)x[j], c[0]);
    int64_t at = WG_REDUCE_LANES;
    for (; at + WG_REDUCE_LANES <= m; at += WG_REDUCE_LANES)
        _Pragma("omp simd") for (int64_t j = 0; j < WG_REDUCE_LANES; j++) lane[j] = COMBINE(lane[j], TERM((REAL)x[at + j], c[0]));
#ifdef VECTOR_BYTES
    if (at < m) {
        ELEM last[2 * WG_REDUCE_LANES];
        const ELEM *rest = x + at;
        if (!beyond) {
            memset(last + WG_REDUCE_LANES, 0, WG_REDUCE_LANES * sizeof *last);
            memcpy(last, x + m - WG_REDUCE_LANES, WG_REDUCE_LANES * sizeof *last);
            rest = last + (at + WG_REDUCE_LANES - m); /* in this order: even an intermediate pointer outside last is undefined */
        }
        _Pragma("omp simd") for (int64_t j = 0; j < WG_REDUCE_LANES; j++)
        {
            const ACC joined = COMBINE(lane[j], TERM((REAL)rest[j], c[0]));
            lane[j] = j < m - at ? joined : lane[j];
        }
    }
#else
    (void)beyond;
    for (int64_t j = 0; at + j < m; j++)
        lane[j] = COMBINE(lane[j], TERM((REAL)x[at + j], c[0]));
#endif
    _Pragma("omp simd") for (int64_t j = 0; j < 8; j++) lane[j] = COMBINE(lane[j], lane[j + 8]);
    _Pragma("omp simd") for (int64_t j = 0; j < 4; j++) lane[j] = COMBINE(lane[j], lane[j + 4]);
    _Pragma("omp simd") for (int64_t j = 0; j < 2; j++) lane[j] = COMBINE(lane[j], lane[j + 2]);
    return COMBINE(lane[0], lane[1]);
}

/* The same for one contiguous column of any number of elements. */
static __attribute__((noinline)) ACC OF_PASS(_run)(const ELEM *x, int64_t m, const COLUMN *c)
{
    ACC lane[WG_REDUCE_LANES];
    if (m >= WG_REDUCE_LANES)
        return OF_PASS(_long_run)(x, m, c, false);
    (void)c;
    for (int64_t j = 0; j < m; j++)
        lane[j] = TERM((REAL)x[j], c[0]);
    for (int64_t half = WG_REDUCE_LANES / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < m; j++)
            lane[j] = COMBINE(lane[j], lane[j + half]);
    return lane[0];
}

/* Combines totals pairwise, in the order of carries of a binary counter. At most WG_REDUCE_LEVELS totals are pending. */
typedef struct {
    ACC waiting[WG_REDUCE_LEVELS][WG_REDUCE_WIDTH];
    int64_t pushed, w;
    int depth;
} OF_PASS(_joiner);

static inline void OF_PASS(_join_top)(OF_PASS(_joiner) * j)
{
    j->depth--;
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth - 1][k] = COMBINE(j->waiting[j->depth - 1][k], j->waiting[j->depth][k]);
}

static inline void OF_PASS(_join)(OF_PASS(_joiner) * j, const ACC *total)
{
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth][k] = total[k];
    j->depth++;
    for (int64_t carry = j->pushed++; carry & 1; carry >>= 1)
        OF_PASS(_join_top)(j);
}

static inline void OF_PASS(_join_end)(OF_PASS(_joiner) * j, ACC *total)
{
    while (j->depth > 1)
        OF_PASS(_join_top)(j);
    for (int64_t k = 0; k < j->w; k++)
        total[k] = j->waiting[0][k];
}

/* The state of a pass over w columns at x with stride s and parameters c. total has w totals per tile. */
typedef struct {
    const struct wg_reduction_plan *plan;
    const ELEM *x;
    int64_t s, w;
    const COLUMN *c;
    ACC *total;
} OF_PASS(_pass);

/* The block of m elements from logical index at on. For a full group of adjacent columns the loops have constant length. */
static __attribute__((noinline, unused)) void OF_PASS(_part)(const OF_PASS(_pass) * p, int64_t at, int64_t m, ACC *total)
{
    if (wg_reduces_runs(p->plan)) {
        const bool end_to_end = p->s == p->plan->count; /* memory after each column but the last belongs to the next one */
        for (int64_t k = 0; k < p->w; k++) {
            const ELEM *x = p->x + k * p->s + at;
            const COLUMN *c = p->c ? p->c + k : NULL;
            total[k] = m < WG_REDUCE_LANES ? OF_PASS(_run)(x, m, c) : OF_PASS(_long_run)(x, m, c, end_to_end && k + 1 < p->w);
        }
        return;
    }
    int64_t offset[WG_REDUCE_BLOCK];
    wg_reduced_offsets(p->plan, at, m, offset);
#ifdef WG_TERMS_ARE_ELEMENTS
    if (p->w == WG_REDUCE_WIDTH && p->s == 1 && m <= 2 * WG_REDUCE_LANES) {
        OF_PASS(_few)(p->x, offset, m, total);
        return;
    }
#endif
    if (p->w == WG_REDUCE_WIDTH && p->s == 1)
        OF_PASS(_block)(p->x, offset, m, 1, WG_REDUCE_WIDTH, p->c, total);
    else
        OF_PASS(_block)(p->x, offset, m, p->s, p->w, p->c, total);
}

static inline void OF_PASS(_tile)(const OF_PASS(_pass) * p, int64_t first, int64_t n, ACC *total)
{
    OF_PASS(_joiner) joiner;
    joiner.pushed = joiner.depth = 0;
    joiner.w = p->w;
    for (int64_t at = first; at < first + n; at += WG_REDUCE_BLOCK) {
        ACC block[WG_REDUCE_WIDTH];
        OF_PASS(_part)(p, at, first + n - at < WG_REDUCE_BLOCK ? first + n - at : WG_REDUCE_BLOCK, block);
        OF_PASS(_join)(&joiner, block);
    }
    OF_PASS(_join_end)(&joiner, total);
}

static inline void OF_PASS(_tiles)(int64_t first, int64_t last, void *context)
{
    const OF_PASS(_pass) *p = (const OF_PASS(_pass) *)context;
    const int64_t tile = (int64_t)WG_REDUCE_BLOCK * WG_REDUCE_TILE;
    for (int64_t i = first; i < last; i++) {
        const int64_t n = p->plan->count - i * tile < tile ? p->plan->count - i * tile : tile;
        OF_PASS(_tile)(p, i * tile, n, p->total + i * p->w);
    }
}

/* Reduces w columns of at least one element: first the tiles, on the given number of threads, then the tiles' totals. */
static inline wg_status OF_PASS(_columns)(const struct wg_reduction_plan *plan, int threads, const ELEM *x, int64_t s, int64_t w,
                                          const COLUMN *c, ACC *total)
{
    const int64_t tile = (int64_t)WG_REDUCE_BLOCK * WG_REDUCE_TILE, tiles = (plan->count + tile - 1) / tile;
    OF_PASS(_pass) p = {plan, x, s, w, c, total};
    if (plan->count <= WG_REDUCE_BLOCK) {
        OF_PASS(_part)(&p, 0, plan->count, total);
        return WG_OK;
    }
    if (tiles <= 1) {
        OF_PASS(_tiles)(0, 1, &p);
        return WG_OK;
    }
    p.total = (ACC *)wg_object_new((size_t)tiles * (size_t)w * sizeof(ACC));
    if (!p.total)
        return WG_E_MEMORY;
    wg_parallel(threads, tiles, OF_PASS(_tiles), &p);
    OF_PASS(_joiner) joiner;
    joiner.pushed = joiner.depth = 0;
    joiner.w = w;
    for (int64_t i = 0; i < tiles; i++)
        OF_PASS(_join)(&joiner, p.total + i * w);
    OF_PASS(_join_end)(&joiner, total);
    wg_object_free(p.total);
    return WG_OK;
}

#undef OF_PASS
#undef WG_AT
#undef WG_TERMS_ARE_ELEMENTS
#undef PASS
#undef ACC
#undef COLUMN
#undef TERM
#undef COMBINE
