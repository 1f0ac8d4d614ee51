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

static void T(join_top)(T(joiner) *j)
{
    j->depth--;
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth - 1][k] = COMBINE(j->waiting[j->depth - 1][k], j->waiting[j->depth][k]);
}

static void T(join)(T(joiner) *j, const REAL *total)
{
    for (int64_t k = 0; k < j->w; k++)
        j->waiting[j->depth][k] = total[k];
    j->depth++;
    for (int64_t carry = j->pushed++; carry & 1; carry >>= 1)
        T(join_top)(j);
}

static void T(join_end)(T(joiner) *j, REAL *total)
{
    while (j->depth > 1)
        T(join_top)(j);
    for (int64_t k = 0; k < j->w; k++)
        total[k] = j->waiting[0][k];
}

static void T(reduce_tile)(const struct wg_reduction *plan, const ELEM *x, int64_t first, int64_t n, int64_t s, int64_t w, REAL *total)
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

/* All of w columns: tiles, on threads if there is one column group only, then their totals. */
static wg_status T(reduce_columns)(const struct wg_reduction *plan, const ELEM *x, int64_t s, int64_t w, REAL *total, int threads)
{
    const int64_t tile = (int64_t)T(BLOCK) * T(TILE_BLOCKS), tiles = (plan->count + tile - 1) / tile;
    if (tiles <= 1) {
        T(reduce_tile)(plan, x, 0, plan->count, s, w, total);
        return WG_OK;
    }
    REAL *part = (REAL *)wg_object_new((size_t)tiles * (size_t)w * sizeof(REAL));
    if (!part)
        return WG_E_MEMORY;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t i = 0; i < tiles; i++) {
        const int64_t n = plan->count - i * tile < tile ? plan->count - i * tile : tile;
        T(reduce_tile)(plan, x, i * tile, n, s, w, part + i * w);
    }
    T(joiner) joiner;
    joiner.pushed = joiner.depth = 0;
    joiner.w = w;
    for (int64_t i = 0; i < tiles; i++)
        T(join)(&joiner, part + i * w);
    T(join_end)(&joiner, total);
    wg_object_free(part);
    return WG_OK;
}

static wg_status T(NAME)(const wg_call *c)
{
    const struct wg_reduce_params *p = (const struct wg_reduce_params *)c->params;
    struct wg_reduction plan;
    wg_plan_reduction(c->in[0], c->out[0], p->axes, &plan);
    const ELEM *x = (const ELEM *)(const void *)c->in[0]->data;
    ELEM *y = (ELEM *)(void *)c->out[0]->data;
    const int inner = plan.n_kept - 1;
    const int64_t columns = inner >= 0 ? plan.kept[inner] : 1;
    const int64_t s_in = inner >= 0 ? plan.kept_in[inner] : 0, s_out = inner >= 0 ? plan.kept_out[inner] : 0;
    /* columns side by side are worked on together, unless a column's own elements are the ones side by side */
    const bool own_run = plan.n_reduced == 1 && plan.reduced_in[0] == 1;
    const int64_t width = own_run ? 1 : T(WIDTH), groups = (columns + width - 1) / width;
    const int64_t rows = columns ? plan.outputs / columns : 0, jobs = rows * groups;
    const int threads = wg_kernel_threads((double)plan.count * (double)plan.outputs);
    int failed = 0;
#pragma omp parallel for num_threads(threads) schedule(static) reduction(+ : failed) if (threads > 1 && jobs > 1)
    for (int64_t job = 0; job < jobs; job++) {
        int64_t in = 0, out = 0, row = job / groups;
        for (int axis = inner - 1; axis >= 0; axis--) {
            in += row % plan.kept[axis] * plan.kept_in[axis];
            out += row % plan.kept[axis] * plan.kept_out[axis];
            row /= plan.kept[axis];
        }
        const int64_t k0 = job % groups * width, w = columns - k0 < width ? columns - k0 : width;
        REAL total[T(WIDTH)];
        if (plan.count == 0) {
            for (int64_t k = 0; k < w; k++)
                total[k] = EMPTY;
        } else if (T(reduce_columns)(&plan, x + in + k0 * s_in, s_in, w, total, jobs > 1 ? 1 : threads) != WG_OK) {
            failed++;
            continue;
        }
        for (int64_t k = 0; k < w; k++)
            y[out + (k0 + k) * s_out] = FINISH(total[k], plan.count);
    }
    return failed ? WG_E_MEMORY : WG_OK;
}

#undef NAME
#undef COMBINE
#undef FINISH
#undef EMPTY
