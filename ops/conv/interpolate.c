/* Images of another size: resample along each axis behind (N,C), in turn. Interpolation is separable, so that two elements a line are
   four a plane and eight a volume. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

struct params {
    wg_shape size; /* of rank 0: scale stands for it */
    double scale;
    wg_interpolation mode;
    bool align_corners;
};

static wg_status check(const wg_call *c)
{
    const struct params *p = c->params;
    const int rank = c->in[0]->rank;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (rank < 3 || rank > 5)
        return wg_call_error(c, WG_E_SHAPE, "expected (N,C,length), (N,C,height,width) or (N,C,depth,height,width)");
    if ((unsigned)p->mode > WG_INTERPOLATION_CUBIC)
        return wg_window_error(c, WG_E_ARGUMENT, "there is no mode %d", (int)p->mode);
    if (p->align_corners && p->mode < WG_INTERPOLATION_LINEAR)
        return wg_call_error(c, WG_E_ARGUMENT, "align_corners is for linear and cubic interpolation");
    if ((p->size.rank == 0) == (p->scale == 0))
        return wg_call_error(c, WG_E_ARGUMENT,
                             p->size.rank != 0 ? "size and scale exclude each other" : "expected a size or a scale");
    if (p->size.rank != 0 && p->size.rank != rank - 2)
        return wg_window_error(c, WG_E_ARGUMENT, "expected a size of %d extents, those behind (N,C), got %d", rank - 2,
                               p->size.rank);
    return p->size.rank > 0 ? WG_OK : wg_check_number(c->op->name, "scale", p->scale, WG_POSITIVE);
}

/* Sets s to what the axis of extent n reads. */
static wg_status sampling_of(const wg_call *c, int axis, int64_t n, wg_sampling *s)
{
    const struct params *p = c->params;
    const double scaled = floor((double)n * p->scale);
    *s = (wg_sampling){.rule = (wg_sampling_rule)p->mode, .align_corners = p->align_corners}; /* rules and modes have one order */
    if (p->size.rank == 0 && scaled >= 0x1p62)
        return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    s->extent = p->size.rank > 0 ? p->size.extent[axis - 2] : (int64_t)scaled;
    if (s->extent < 1 || n < 1)
        return wg_window_error(c, s->extent < 1 && p->size.rank > 0 ? WG_E_ARGUMENT : WG_E_SHAPE,
                               "expected at least one element before and after, got %lld and %lld along axis %d", (long long)n,
                               (long long)s->extent, axis);
    if (p->align_corners)
        s->step = s->extent > 1 ? (double)(n - 1) / (double)(s->extent - 1) : 0;
    else
        s->step = p->size.rank > 0 ? (double)n / (double)s->extent : 1 / p->scale;
    return WG_OK;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    WG_TRY(check(c));
    wg_tensor *x = c->in[0], *y = x;
    for (int axis = x->rank - 1; axis >= 2; axis--) {
        wg_sampling s;
        WG_TRY(sampling_of(c, axis, wg_extents(x)[axis], &s));
        if (s.extent == wg_extents(x)[axis] && (s.step == 1 || s.rule == WG_SAMPLING_LINEAR))
            continue;
        wg_tensor *before = y;
        y = wg_resample(before, axis, s);
        if (before != x)
            wg_drop(before);
    }
    return wg_made(out[0] = y);
}

wg_tensor *wg_interpolate_with(wg_tensor *x, wg_interpolate_options options)
{
    const struct params p = {
        .size = options.size, .scale = options.scale, .mode = options.mode, .align_corners = options.align_corners};
    return wg_invoke1(&wg_op_interpolate, &p, x);
}

#define TO(...)                      \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_interpolate = {
    .name = WG_REGISTERED("interpolate"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES(
        {"sequence", {WG_DIMS(2, 2, 3)}, .n = 1, TO(.size = WG_DIMS(5))},
        {"bilinear", {WG_DIMS(2, 1, 3, 4)}, .n = 1, TO(.scale = 1.7, .mode = WG_INTERPOLATION_LINEAR)},
        {"smaller", {WG_DIMS(1, 2, 4, 5)}, .n = 1, TO(.size = WG_DIMS(2, 5), .mode = WG_INTERPOLATION_LINEAR)},
        {"bicubic", {WG_DIMS(1, 2, 3, 2)}, .n = 1, TO(.scale = 2, .mode = WG_INTERPOLATION_CUBIC, .align_corners = true)},
        {"volume", {WG_DIMS(1, 1, 2, 2, 3)}, .n = 1, TO(.scale = 1.5, .mode = WG_INTERPOLATION_LINEAR, .align_corners = true)}),
};
