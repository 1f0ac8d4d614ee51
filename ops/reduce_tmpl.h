/* The reduction kernel, for the number type at hand. Before it is included:
   NAME the op, COMBINE(a, b) an associative combination, FINISH(a, n) what becomes of the result over n elements, EMPTY its value over none.

   Order of combination, by logical index alone: within a block of 256 elements 16 interleaved lanes, joined as a tree; blocks joined as a
   binary counter carries; 64 blocks make a tile, the unit of threads. Columns side by side in memory are worked on together, which
   changes nothing in the order within each. n elements take n - 1 combinations. */

enum { T(BLOCK) = 256, T(LANES) = 16, T(TILE_BLOCKS) = 64, T(WIDTH) = 32, T(LEVELS) = 48 };

/* One block of m elements at x + offset[j], of w columns of stride s: into total[w]. */
static void T(reduce_block)(const ELEM *x, const int64_t *offset, int64_t m, int64_t s, int64_t w, REAL *total)
{
    REAL lane[T(LANES)][T(WIDTH)];
    const int64_t lanes = m < T(LANES) ? m : T(LANES);
    for (int64_t j = 0; j < lanes; j++)
        for (int64_t k = 0; k < w; k++)
            lane[j][k] = x[offset[j] + k * s];
    if (w == 1) {
        for (int64_t j = lanes; j < m; j++)
            lane[j % T(LANES)][0] = COMBINE(lane[j % T(LANES)][0], (REAL)x[offset[j]]);
    } else {
        for (int64_t j = lanes; j < m; j++)
            for (int64_t k = 0; k < w; k++)
                lane[j % T(LANES)][k] = COMBINE(lane[j % T(LANES)][k], (REAL)x[offset[j] + k * s]);
    }
    for (int64_t half = T(LANES) / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < lanes; j++)
            for (int64_t k = 0; k < w; k++)
                lane[j][k] = COMBINE(lane[j][k], lane[j + half][k]);
    for (int64_t k = 0; k < w; k++)
        total[k] = lane[0][k];
}

/* The same for one column whose elements lie side by side: the lanes are a vector. */
static REAL T(reduce_run)(const ELEM *x, int64_t m)
{
    REAL lane[T(LANES)];
    const int64_t lanes = m < T(LANES) ? m : T(LANES);
    for (int64_t j = 0; j < lanes; j++)
        lane[j] = x[j];
    int64_t at = T(LANES);
    for (; at + T(LANES) <= m; at += T(LANES))
        for (int64_t j = 0; j < T(LANES); j++)
            lane[j] = COMBINE(lane[j], (REAL)x[at + j]);
    for (int64_t j = 0; at + j < m; j++)
        lane[j] = COMBINE(lane[j], (REAL)x[at + j]);
    for (int64_t half = T(LANES) / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half && j + half < lanes; j++)
            lane[j] = COMBINE(lane[j], lane[j + half]);
    return lane[0];
}

/* Joins totals as a binary counter carries; at most LEVELS wait. */
typedef struct {
    REAL waiting[T(LEVELS)][T(WIDTH)];
    int64_t pushed, w;
    int depth;
} T(joiner);

static void T(join_top)(T(joiner) * j)
{
    j->depth--;
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth - 1][k] = COMBINE(j->waiting[j->depth - 1][k], j->waiting[j->depth][k]);
}

static void T(join)(T(joiner) * j, const REAL *total)
{
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth][k] = total[k];
    j->depth++;
    for (int64_t carry = j->pushed++; carry & 1; carry >>= 1)
        T(join_top)(j);
}

static void T(join_end)(T(joiner) * j, REAL *total)
{
    while (j->depth > 1)
        T(join_top)(j);
    for (int64_t k = 0; k < j->w; k++)
        total[k] = j->waiting[0][k];
}

static void T(reduce_tile)(const struct wg_reduction *plan, const ELEM *x, int64_t first, int64_t n, int64_t s, int64_t w,
                           REAL *total)
{
    T(joiner) joiner;
    joiner.pushed = joiner.depth = 0;
    joiner.w = w;
    for (int64_t at = first; at < first + n; at += T(BLOCK)) {
        const int64_t m = first + n - at < T(BLOCK) ? first + n - at : T(BLOCK);
        REAL block[T(WIDTH)];
        if (w == 1 && plan->n_reduced == 1 && plan->reduced_in[0] == 1) {
            block[0] = T(reduce_run)(x + at, m);
        } else {
            int64_t offset[T(BLOCK)];
            wg_reduced_offsets(plan, at, m, offset);
            T(reduce_block)(x, offset, m, s, w, block);
        }
        T(join)(&joiner, block);
    }
    T(join_end)(&joiner, total);
}

/* A reduction under way: what the parts of its work read and write. */
typedef struct {
    struct wg_reduction plan;
    const ELEM *x;
    ELEM *y;
    int64_t columns, width, groups, s_in, s_out; /* columns along the innermost kept axis, so many of them worked on together */
    int threads;                                 /* for the tiles of one group of columns */
    int64_t w;
    REAL *part; /* w totals for each tile */
    int failed;
} T(reducer);

static void T(reduce_tiles)(int64_t first, int64_t last, void *context)
{
    T(reducer) *r = (T(reducer) *)context;
    const int64_t tile = (int64_t)T(BLOCK) * T(TILE_BLOCKS);
    for (int64_t i = first; i < last; i++) {
        const int64_t n = r->plan.count - i * tile < tile ? r->plan.count - i * tile : tile;
        T(reduce_tile)(&r->plan, r->x, i * tile, n, r->s_in, r->w, r->part + i * r->w);
    }
}

/* All of w columns at x: tiles, then their totals. */
static wg_status T(reduce_columns)(const T(reducer) * shared, const ELEM *x, int64_t w, REAL *total)
{
    const int64_t tile = (int64_t)T(BLOCK) * T(TILE_BLOCKS), tiles = (shared->plan.count + tile - 1) / tile;
    T(reducer) r = *shared;
    r.x = x;
    r.w = w;
    r.part = total;
    if (tiles <= 1) {
        T(reduce_tiles)(0, 1, &r);
        return WG_OK;
    }
    r.part = (REAL *)wg_object_new((size_t)tiles * (size_t)w * sizeof(REAL));
    if (!r.part)
        return WG_E_MEMORY;
    wg_parallel(r.threads, tiles, T(reduce_tiles), &r);
    T(joiner) joiner;
    joiner.pushed = joiner.depth = 0;
    joiner.w = w;
    for (int64_t i = 0; i < tiles; i++)
        T(join)(&joiner, r.part + i * w);
    T(join_end)(&joiner, total);
    wg_object_free(r.part);
    return WG_OK;
}

static void T(reduce_groups)(int64_t first, int64_t last, void *context)
{
    T(reducer) *r = (T(reducer) *)context;
    for (int64_t job = first; job < last; job++) {
        int64_t in = 0, out = 0, row = job / r->groups;
        for (int axis = r->plan.n_kept - 2; axis >= 0; axis--) {
            in += row % r->plan.kept[axis] * r->plan.kept_in[axis];
            out += row % r->plan.kept[axis] * r->plan.kept_out[axis];
            row /= r->plan.kept[axis];
        }
        const int64_t k0 = job % r->groups * r->width, w = r->columns - k0 < r->width ? r->columns - k0 : r->width;
        REAL total[T(WIDTH)];
        if (r->plan.count == 0) {
            for (int64_t k = 0; k < w; k++)
                total[k] = EMPTY;
        } else if (T(reduce_columns)(r, r->x + in + k0 * r->s_in, w, total) != WG_OK) {
            __atomic_store_n(&r->failed, 1, __ATOMIC_RELAXED);
            continue;
        }
        for (int64_t k = 0; k < w; k++)
            r->y[out + (k0 + k) * r->s_out] = FINISH(total[k], r->plan.count);
    }
}

static wg_status T(NAME)(const wg_call *c)
{
    const struct wg_reduce_params *p = (const struct wg_reduce_params *)c->params;
    T(reducer) r;
    wg_plan_reduction(c->in[0], c->out[0], p->axes, &r.plan);
    r.x = (const ELEM *)(const void *)c->in[0]->data;
    r.y = (ELEM *)(void *)c->out[0]->data;
    const int inner = r.plan.n_kept - 1;
    r.columns = inner >= 0 ? r.plan.kept[inner] : 1;
    r.s_in = inner >= 0 ? r.plan.kept_in[inner] : 0;
    r.s_out = inner >= 0 ? r.plan.kept_out[inner] : 0;
    /* columns side by side are worked on together, unless a column's own elements are the ones side by side */
    r.width = r.plan.n_reduced == 1 && r.plan.reduced_in[0] == 1 ? 1 : T(WIDTH);
    r.groups = (r.columns + r.width - 1) / r.width;
    r.failed = 0;
    const int64_t jobs = r.columns ? r.plan.outputs / r.columns * r.groups : 0;
    const int threads = wg_kernel_threads((double)r.plan.count * (double)r.plan.outputs);
    r.threads = jobs > 1 ? 1 : threads;
    wg_parallel(jobs > 1 ? threads : 1, jobs, T(reduce_groups), &r);
    return r.failed ? WG_E_MEMORY : WG_OK;
}

#undef NAME
#undef COMBINE
#undef FINISH
#undef EMPTY
