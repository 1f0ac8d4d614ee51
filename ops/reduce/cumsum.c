/* Cumulative sum along an axis, y_i = x_0 + … + x_i, or in reverse from the last element; accumulated in f64. The gradient is the
   cumulative sum of gy in the opposite direction. */
#ifdef REAL
/* The state of one call, shared by its parts. width adjacent slices along the axis are processed together. */
typedef struct {
    struct wg_reduction_plan plan;
    const ELEM *x;
    ELEM *y;
    int64_t n, sx, sy; /* elements of a slice, strides along it */
    int64_t columns, width, groups, s_in, s_out;
    bool reverse;
} T(running);

/* One slice of n elements, from x and y on with strides sx and sy. */
WG_INLINE void T(cumsum_line)(const ELEM *x, int64_t sx, ELEM *y, int64_t sy, int64_t n)
{
    WIDE sum = (WIDE)0;
    for (int64_t i = 0; i < n; i++) {
        sum = sum + (WIDE)(REAL)x[i * sx];
        y[i * sy] = (REAL)sum;
    }
}

/* w slices, one after another. Contiguous slices have separate calls, which are compiled for stride 1. */
static void T(cumsum_rows)(const T(running) * r, const ELEM *x, ELEM *y, int64_t w)
{
    const int64_t end = r->reverse ? r->n - 1 : 0;
    for (int64_t k = 0; k < w; k++, x += r->s_in, y += r->s_out)
        if (r->sx != 1 || r->sy != 1)
            T(cumsum_line)(x + end * r->sx, r->reverse ? -r->sx : r->sx, y + end * r->sy, r->reverse ? -r->sy : r->sy, r->n);
        else if (r->reverse)
            T(cumsum_line)(x + end, -1, y + end, -1, r->n);
        else
            T(cumsum_line)(x, 1, y, 1, r->n);
}

static void T(cumsum_lines)(const T(running) * r, const ELEM *x, ELEM *y, int64_t w)
{
    WIDE sum[WG_REDUCE_WIDTH];
    for (int64_t k = 0; k < w; k++)
        sum[k] = (WIDE)0;
    for (int64_t at = 0; at < r->n; at++) {
        const int64_t i = r->reverse ? r->n - 1 - at : at;
        for (int64_t k = 0; k < w; k++) {
            sum[k] = sum[k] + (WIDE)(REAL)x[i * r->sx + k * r->s_in];
            y[i * r->sy + k * r->s_out] = (REAL)sum[k];
        }
    }
}

static void T(cumsum_groups)(int64_t first, int64_t last, void *context)
{
    const T(running) *r = (const T(running) *)context;
    const struct wg_reduction_plan *plan = &r->plan;
    for (int64_t job = first; job < last; job++) {
        const int64_t row = job / r->groups, k0 = job % r->groups * r->width;
        const int64_t w = r->columns - k0 < r->width ? r->columns - k0 : r->width;
        const ELEM *x = r->x + wg_kept_offset(plan->n_kept - 1, plan->kept, plan->kept_in, row) + k0 * r->s_in;
        ELEM *y = r->y + wg_kept_offset(plan->n_kept - 1, plan->kept, plan->kept_out, row) + k0 * r->s_out;
        if (w == 1 || r->sx == 1)
            T(cumsum_rows)(r, x, y, w);
        else
            T(cumsum_lines)(r, x, y, w);
    }
}

static wg_status T(cumsum)(const wg_call *c)
{
    const struct wg_order_params *p = (const struct wg_order_params *)c->params;
    const wg_tensor *x = c->in[0], *y = c->out[0];
    T(running) r;
    wg_plan_reduction(x, y, 1u << p->axis, &r.plan);
    r.x = (const ELEM *)(const void *)x->data;
    r.y = (ELEM *)(void *)y->data;
    r.n = wg_extents(x)[p->axis];
    r.sx = wg_strides(x)[p->axis];
    r.sy = wg_strides(y)[p->axis];
    const int inner = r.plan.n_kept - 1;
    r.columns = inner >= 0 ? r.plan.kept[inner] : 1;
    r.s_in = inner >= 0 ? r.plan.kept_in[inner] : 0;
    r.s_out = inner >= 0 ? r.plan.kept_out[inner] : 0;
    r.width = r.sx == 1 && r.n > WG_REDUCE_BLOCK ? 1 : WG_REDUCE_WIDTH;
    r.groups = (r.columns + r.width - 1) / r.width;
    r.reverse = p->reverse;
    wg_parallel(wg_kernel_threads((double)x->numel), r.plan.outputs / r.columns * r.groups, T(cumsum_groups), &r);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/reduce/cumsum.c"
#include "ops/op.h"

wg_tensor *wg_cumsum_with(wg_tensor *x, int axis, wg_cumsum_options options)
{
    struct wg_order_params p = {.axis = axis, .reverse = options.reverse};
    if (wg_has_value(x) && wg_axis("cumsum", x, axis, &p.axis) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_cumsum, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_order_params *p = c->params;
    return WG_GIVE(gx[0], wg_cumsum(wg_donate(gy[0]), p->axis, .reverse = !p->reverse));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 0, 0, 0, 0);
}

#define ALONG(...)                                    \
    .n = 1, .params = &(const struct wg_order_params) \
    {                                                 \
        __VA_ARGS__                                   \
    }

const struct wg_op wg_op_cumsum = {
    .name = WG_REGISTERED("cumsum"),
    .params_size = sizeof(struct wg_order_params),
    WG_PARAMS(WG_PARAM(INT, struct wg_order_params, axis), WG_PARAM_UNLESS(0, BOOL, struct wg_order_params, reverse)),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_axis_shape,
    .kernels = KERNELS(cumsum),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    .inplace = WG_IN(0),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5)}, ALONG(.axis = 1)}, {"columns", {WG_DIMS(4, 2)}, ALONG(.axis = 0, .reverse = true)},
               {"middle", {WG_DIMS(2, 3, 2)}, ALONG(.axis = 1)}),
};
#endif
