/* Template of reduction kernels, compiled once per number type. A column is the set of elements that are reduced to one result.
   Define before including it: NAME, the op; EMPTY, the result over nothing; and either

   COMBINE(a, b), FINISH(a, n)   for a reduction in one pass (reduce_pass_tmpl.h): the combination, and the result from the total a
                                 of n elements; also TERM(x, c) and ACC if they are not x and REAL
   T(reduce_columns)             for any other reduction: a function that reduces w columns of at least one element, at x with
                                 stride s, into result[w], on the given number of threads; also IN, OUT and RESULT if elements in
                                 memory are not ELEM and results not REAL, and TRANSPOSE, which transposes IN

   Optional: ONE(x), the result over a single element x; TRANSPOSED_UNDER, the row length from which on rows are not transposed.

   Adjacent columns are processed together. Short contiguous columns (rows) are transposed first, except those of TRANSPOSED_UNDER
   elements or more, which are vectorised along the row. Threads work on different columns or, if there is only one group of
   columns, on different tiles. */

#ifdef COMBINE
#ifndef ACC
#define ACC REAL
#endif
typedef ACC T(total);
#ifndef TERM
#define ONE(x) FINISH((T(total))(REAL)(x), 1)
#endif
#define PASS NAME
#include "ops/reduce_pass_tmpl.h"

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, REAL *result)
{
    T(total) total[WG_REDUCE_WIDTH];
    (void)params;
    const wg_status status = T(WG_JOIN(NAME, _columns))(plan, threads, x, s, w, 0, total);
    for (int64_t k = 0; k < w && status == WG_OK; k++)
        result[k] = FINISH(total[k], plan->count);
    return status;
}

/* Row kernels for a reduction over all axes that a replay runs block by block. The first computes the total of a block. The second
   computes the result from the totals of n blocks; its params point at the number of elements. */
static inline void T(WG_JOIN(NAME, _block_row))(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    (void)s, (void)params;
    *(T(total) *)(void *)at[0] = T(WG_JOIN(NAME, _run))((const ELEM *)(const void *)at[1], n, 0);
}

static inline void T(WG_JOIN(NAME, _join_row))(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const T(total) *block = (const T(total) *)(const void *)at[1];
    T(WG_JOIN(NAME, _joiner)) tiles, blocks;
    T(total) total;
    (void)s, (void)params;
    tiles.pushed = tiles.depth = 0;
    tiles.w = blocks.w = 1;
    for (int64_t i = 0; i < n; i += WG_REDUCE_TILE) {
        blocks.pushed = blocks.depth = 0;
        for (int64_t k = i; k < n && k < i + WG_REDUCE_TILE; k++)
            T(WG_JOIN(NAME, _join))(&blocks, &block[k]);
        T(WG_JOIN(NAME, _join_end))(&blocks, &total);
        T(WG_JOIN(NAME, _join))(&tiles, &total);
    }
    T(WG_JOIN(NAME, _join_end))(&tiles, &total);
    *(ELEM *)(void *)at[0] = FINISH(total, *(const int64_t *)params);
}
#endif

#ifndef TRANSPOSED_UNDER
#define TRANSPOSED_UNDER (WG_REDUCE_SHORT + 1)
#endif
#ifndef IN
#define IN ELEM
#define OUT ELEM
#define RESULT REAL
#endif
#ifndef TRANSPOSE
#define TRANSPOSE T(wg_transpose)
#endif

/* The state of one reduction, shared by its parts. */
typedef struct {
    struct wg_reduction_plan plan, across; /* of the operand; of a transposed block of the operand */
    const struct wg_reduce_params *params;
    const IN *x;
    OUT *y;
    int64_t columns, width, groups, s_in, s_out; /* columns along the innermost kept axis; columns per group */
    int threads;                                 /* within one group of columns */
    int failed;
    bool short_rows;
} T(reducer);

/* w short contiguous columns. */
static __attribute__((noinline)) wg_status T(reduce_short_rows)(const T(reducer) * r, const IN *x, int64_t w, RESULT *result)
{
    IN block[WG_REDUCE_SHORT * WG_REDUCE_WIDTH];
    block[0] = x[0]; /* avoids a warning: there is at least one element */
    TRANSPOSE(x, r->s_in, w, r->plan.count, block, WG_REDUCE_WIDTH);
    return T(reduce_columns)(&r->across, r->params, 1, block, 1, w, result);
}

#ifdef ONE
enum { T(ONES) = 4096 };

/* w columns of one element each. */
static void T(reduce_ones)(const T(reducer) * r, const IN *x, int64_t w, OUT *y)
{
    if (r->s_in == 1 && r->s_out == 1)
        WG_LOOP(w)
            y[i] = (RESULT)ONE(x[i]);
    else
        for (int64_t k = 0; k < w; k++)
            y[k * r->s_out] = (RESULT)ONE(x[k * r->s_in]);
}
#endif

static void T(reduce_groups)(int64_t first, int64_t last, void *context)
{
    T(reducer) *r = (T(reducer) *)context;
    for (int64_t job = first; job < last; job++) {
        const int64_t row = job / r->groups;
        const int64_t in = wg_kept_offset(r->plan.n_kept - 1, r->plan.kept, r->plan.kept_in, row);
        const int64_t out = wg_kept_offset(r->plan.n_kept - 1, r->plan.kept, r->plan.kept_out, row);
        const int64_t k0 = job % r->groups * r->width, w = r->columns - k0 < r->width ? r->columns - k0 : r->width;
        const IN *x = r->x + in + k0 * r->s_in;
        RESULT result[WG_REDUCE_WIDTH];
#ifdef ONE
        if (r->plan.count == 1) {
            T(reduce_ones)(r, x, w, r->y + out + k0 * r->s_out);
            continue;
        }
#endif
        if (r->plan.count == 0) {
            for (int64_t k = 0; k < w; k++)
                result[k] = EMPTY;
        } else if ((r->short_rows && w > 1 ? T(reduce_short_rows)(r, x, w, result)
                                           : T(reduce_columns)(&r->plan, r->params, r->threads, x, r->s_in, w, result)) != WG_OK) {
            __atomic_store_n(&r->failed, 1, __ATOMIC_RELAXED);
            continue;
        }
        for (int64_t k = 0; k < w; k++)
            r->y[out + (k0 + k) * r->s_out] = result[k];
    }
}

static wg_status T(NAME)(const wg_call *c)
{
    T(reducer) r;
    r.params = (const struct wg_reduce_params *)c->params;
    wg_plan_reduction(c->in[0], c->out[0], r.params->axes, &r.plan);
    r.x = (const IN *)(const void *)c->in[0]->data;
    r.y = (OUT *)(void *)c->out[0]->data;
    const int inner = r.plan.n_kept - 1;
    r.columns = inner >= 0 ? r.plan.kept[inner] : 1;
    r.s_in = inner >= 0 ? r.plan.kept_in[inner] : 0;
    r.s_out = inner >= 0 ? r.plan.kept_out[inner] : 0;
    /* columns are processed together, except long contiguous ones */
    r.short_rows = wg_reduces_short_rows(&r.plan) && r.plan.count < TRANSPOSED_UNDER;
    r.across = r.plan;
    r.across.reduced_in[0] = WG_REDUCE_WIDTH;
    r.width = wg_reduces_runs(&r.plan) && r.plan.count > WG_REDUCE_BLOCK ? 1 : WG_REDUCE_WIDTH;
#ifdef ONE
    r.width = r.plan.count == 1 ? T(ONES) : r.width;
#endif
    r.groups = (r.columns + r.width - 1) / r.width;
    r.failed = 0;
    const int64_t jobs = r.columns ? r.plan.outputs / r.columns * r.groups : 0;
    const int threads = wg_kernel_threads((double)r.plan.count * (double)r.plan.outputs);
    r.threads = jobs > 1 ? 1 : threads;
    wg_parallel(jobs > 1 ? threads : 1, jobs, T(reduce_groups), &r);
    return r.failed ? WG_E_MEMORY : WG_OK;
}

#undef NAME
#undef ONE
#undef TRANSPOSED_UNDER
#undef FINISH
#undef EMPTY
#undef IN
#undef OUT
#undef RESULT
#undef TRANSPOSE
