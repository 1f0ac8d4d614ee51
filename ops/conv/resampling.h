/* The kernel of resample and of its gradient, for the element type being compiled: along one axis, each element of y is a sum of few
   elements of x, times weights of the table; summed in f64. */
#include "ops/conv/sampling.h"

enum { T(SLICES) = 64 }; /* adjacent slices summed together */

typedef struct {
    struct wg_indexed plan; /* whole: x, part: y */
    struct wg_sampling_table table;
    const ELEM *x;
    ELEM *y;
} T(resampling);

/* One slice, from x and y on. */
static void T(resample_slice)(const T(resampling) * r, const ELEM *x, ELEM *y)
{
    const int64_t sx = r->plan.along.whole, sy = r->plan.along.part;
    for (int64_t row = 0; row < r->table.rows; row++) {
        const int64_t begin = r->table.first[row], end = r->table.first[row + 1];
        WIDE sum = (WIDE)0;
        for (int64_t e = begin; e < end; e++) {
            const WIDE value = (WIDE)(REAL)x[r->table.index[e] * sx];
            const WIDE part = r->table.unit ? value : (WIDE)r->table.weight[e] * value;
            sum = e == begin ? part : sum + part;
        }
        y[row * sy] = (REAL)sum;
    }
}

/* n ≤ SLICES adjacent slices. */
static void T(resample_slices)(const T(resampling) * r, const ELEM *x, ELEM *y, int64_t n)
{
    const int64_t sx = r->plan.across.whole, sy = r->plan.across.part;
    WIDE sum[T(SLICES)];
    for (int64_t row = 0; row < r->table.rows; row++) {
        const int64_t begin = r->table.first[row], end = r->table.first[row + 1];
        ELEM *to = y + row * r->plan.along.part;
        for (int64_t k = 0; k < n; k++)
            sum[k] = (WIDE)0;
        for (int64_t e = begin; e < end; e++) {
            const ELEM *from = x + r->table.index[e] * r->plan.along.whole;
            const WIDE weight = (WIDE)r->table.weight[e];
            if (r->table.unit && e == begin)
                for (int64_t k = 0; k < n; k++)
                    sum[k] = (WIDE)(REAL)from[k * sx];
            else if (r->table.unit)
                for (int64_t k = 0; k < n; k++)
                    sum[k] = sum[k] + (WIDE)(REAL)from[k * sx];
            else if (e == begin)
                for (int64_t k = 0; k < n; k++)
                    sum[k] = weight * (WIDE)(REAL)from[k * sx];
            else
                for (int64_t k = 0; k < n; k++)
                    sum[k] = sum[k] + weight * (WIDE)(REAL)from[k * sx];
        }
        for (int64_t k = 0; k < n; k++)
            to[k * sy] = (REAL)sum[k];
    }
}

static void T(resample_blocks)(int64_t first, int64_t last, void *context)
{
    const T(resampling) *r = (const T(resampling) *)context;
    for (int64_t block = first; block < last; block++) {
        struct wg_indexed_at at;
        const int64_t width = wg_indexed_block(&r->plan, block, &at);
        for (int64_t k = 0; k < width; k += T(SLICES)) {
            const ELEM *x = r->x + at.whole + k * r->plan.across.whole;
            ELEM *y = r->y + at.part + k * r->plan.across.part;
            if (width == 1)
                T(resample_slice)(r, x, y);
            else
                T(resample_slices)(r, x, y, width - k < T(SLICES) ? width - k : T(SLICES));
        }
    }
}

static inline wg_status T(resample_all)(const wg_call *c, bool transposed)
{
    const wg_tensor *x = c->in[0], *y = c->out[0];
    T(resampling) r;
    WG_TRY(wg_sampling_table_make(c, transposed, &r.table));
    wg_plan_indexed(x, x, y, wg_sampling_axis(c), &r.plan);
    r.x = (const ELEM *)(const void *)x->data;
    r.y = (ELEM *)(void *)y->data;
    wg_parallel(wg_kernel_threads((double)y->numel), r.plan.blocks, T(resample_blocks), &r);
    wg_sampling_table_free(&r.table);
    return WG_OK;
}
