/* Shared by the ops over sequences and volumes, which are made of ops over images. Pooling of a volume is pooling of its planes, then
   along the depth: maxima, means and their divisors are those of the box, and among equal maxima the first in row-major order stays the
   first, because each plane's first one is compared in the order of the planes. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

/* ---- params ---- */

struct wg_window_params wg_row_params(int64_t stride, int64_t padding, int64_t dilation, int64_t groups)
{
    return (struct wg_window_params){
        .size = {1, 1}, .stride = {1, stride}, .padding = {0, padding}, .dilation = {1, dilation}, .groups = groups};
}

struct wg_volume_params wg_volume_params(const wg_triple *stride, const wg_triple *padding, const wg_triple *dilation,
                                         int64_t groups)
{
    const int64_t *s = stride->at, *p = padding->at, *d = dilation->at;
    return (struct wg_volume_params){
        .depth = {.size = {1, 1}, .stride = {s[0], 1}, .padding = {p[0], 0}, .dilation = {d[0], 1}, .groups = 1},
        .plane = {.stride = {s[1], s[2]}, .padding = {p[1], p[2]}, .dilation = {d[1], d[2]}, .groups = groups}};
}

struct wg_volume_params wg_volume_pool_params(wg_pool3d_options options)
{
    const int64_t *size = options.size.at;
    for (int axis = 0; axis < 3; axis++)
        options.stride.at[axis] = options.stride.at[axis] != 0 ? options.stride.at[axis] : size[axis];
    struct wg_volume_params p = wg_volume_params(&options.stride, &options.padding, &options.dilation, 1);
    p.depth.size[0] = size[0];
    p.plane.size[0] = size[1];
    p.plane.size[1] = size[2];
    p.depth.ceil_mode = p.plane.ceil_mode = options.ceil_mode;
    return p;
}

struct wg_window_params wg_unfold_params(wg_unfold_options options, int64_t height, int64_t width)
{
    struct wg_window_params p = wg_conv_params(
        (wg_conv_options){.stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = 1});
    memcpy(p.size, options.size.at, sizeof p.size);
    p.image[0] = height;
    p.image[1] = width;
    return p;
}

wg_status wg_merged(const wg_call *c, int64_t a, int64_t b, int64_t *product)
{
    return __builtin_mul_overflow(a, b, product) ? wg_call_error(c, WG_E_SHAPE, "the result is too large") : WG_OK;
}

wg_status wg_windows_along(const wg_call *c, const struct wg_window_params *p, int axis, int64_t size, int64_t count,
                           wg_sampling *windows)
{
    *windows = (wg_sampling){.rule = WG_SAMPLING_WINDOWS,
                             .before = p->padding[axis],
                             .size = size,
                             .stride = p->stride[axis],
                             .dilation = p->dilation[axis]};
    return wg_merged(c, size, count, &windows->extent);
}

/* ---- pooling ---- */

wg_tensor *wg_as_row(wg_tensor *x)
{
    return wg_reshape(x, WG_SHAPE(wg_extents(x)[0], wg_extents(x)[1], 1, wg_extents(x)[2]));
}

/* Must every window contain an element of the image? */
static bool needs_elements(const struct wg_op *op, const struct wg_window_params *p)
{
    return op == &wg_op_max_pool2d || p->exclude_pad;
}

static wg_status check_rank(const wg_call *c, int rank, const char *text)
{
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    return c->in[0]->rank == rank ? WG_OK : wg_call_error(c, WG_E_SHAPE, text);
}

wg_status wg_pool_sequence(const wg_call *c, const struct wg_op *op, wg_tensor **out)
{
    const struct wg_window_params *p = c->params;
    const int64_t *x = wg_extents(c->in[0]);
    int64_t y[4];
    WG_TRY(check_rank(c, 3, "expected sequences (N,C,length)"));
    WG_TRY(wg_pool_result(c, p, (const int64_t[]){x[0], x[1], 1, x[2]}, needs_elements(op, p), y));
    return wg_made(out[0] = wg_reshape(wg_invoke1(op, p, wg_as_row(c->in[0])), WG_SHAPE(y[0], y[1], y[3])));
}

wg_status wg_pool_volume(const wg_call *c, const struct wg_op *op, wg_tensor **out)
{
    const struct wg_volume_params *p = c->params;
    struct wg_window_params along = p->depth;
    int64_t of_plane[4], of_depth[4], planes, places;
    WG_TRY(check_rank(c, 5, "expected volumes (N,C,depth,height,width)"));
    const int64_t *x = wg_extents(c->in[0]);
    WG_TRY(wg_pool_result(c, &p->depth, (const int64_t[]){x[0], x[1], x[2], 1}, needs_elements(op, &p->depth), of_depth));
    WG_TRY(wg_pool_result(c, &p->plane, (const int64_t[]){x[0], x[1], x[3], x[4]}, needs_elements(op, &p->plane), of_plane));
    WG_TRY(wg_merged(c, x[1], x[2], &planes));
    WG_TRY(wg_merged(c, of_plane[2], of_plane[3], &places));
    if (along.adaptive)
        along.size[1] = places; /* as many windows as columns: each is its own */
    const wg_shape result = WG_SHAPE(x[0], x[1], of_depth[2], of_plane[2], of_plane[3]);
    wg_tensor *of_planes = wg_invoke1(op, &p->plane, wg_reshape(c->in[0], WG_SHAPE(x[0], planes, x[3], x[4])));
    wg_tensor *lines = wg_reshape(of_planes, WG_SHAPE(x[0], x[1], x[2], places));
    out[0] = wg_reshape(wg_invoke1(op, &along, lines), result);
    wg_drop(of_planes);
    return wg_made(out[0]);
}

/* ---- convolution ---- */

wg_status wg_conv_ranks(const wg_call *c, int rank, const char *text)
{
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    return c->in[0]->rank == rank && c->in[1]->rank == rank ? WG_OK : wg_call_error(c, WG_E_SHAPE, text);
}

/* Sets *result to (extent - 1) stride - 2 padding + dilation (size - 1) + extra + 1. Without extra this is the smallest image for
   which conv2d's result has that extent. */
static wg_status transposed_extent(const wg_call *c, const struct wg_window_params *p, int axis, int64_t extent, int64_t size,
                                   int64_t extra, int64_t *result)
{
    int64_t moved, reach, padding;
    if (extra < 0 || extra >= p->stride[axis])
        return wg_call_error(c, WG_E_ARGUMENT, "expected output_padding in [0, stride)");
    if (__builtin_mul_overflow(extent - 1, p->stride[axis], &moved) ||
        __builtin_mul_overflow(size - 1, p->dilation[axis], &reach) || __builtin_mul_overflow(p->padding[axis], 2, &padding) ||
        __builtin_add_overflow(moved, reach, result) || __builtin_sub_overflow(*result, padding, result) ||
        __builtin_add_overflow(*result, extra + 1, result))
        return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    return extent < 1 || *result < 1
               ? wg_call_error(c, WG_E_SHAPE, "expected a result of at least 1, got less after padding is cut off")
               : WG_OK;
}

wg_status wg_transposed_result(const wg_call *c, int axes, int64_t *result)
{
    const struct wg_volume_params *p = c->params;
    const int64_t *x = wg_extents(c->in[0]), *w = wg_extents(c->in[1]), groups = p->plane.groups;
    int64_t channels, count;
    for (int i = 0; i < axes; i++) {
        const int axis = 3 - axes + i; /* of volumes: depth, rows, columns */
        const struct wg_window_params *of = axis == 0 ? &p->depth : &p->plane;
        const int at = axis == 0 ? 0 : axis - 1;
        WG_TRY(transposed_extent(c, of, at, x[2 + i], w[2 + i], p->output_padding[axis], &result[i]));
        WG_TRY(wg_window_count(c, of, at, result[i], w[2 + i], &count));
    }
    if (groups < 1)
        return wg_window_error(c, WG_E_ARGUMENT, "expected groups of at least 1, got %lld", (long long)groups);
    WG_TRY(wg_merged(c, w[1], groups, &channels));
    if (w[0] != x[1] || w[0] % groups != 0)
        return wg_window_error(
            c, WG_E_SHAPE,
            "expected a kernel (in,out/groups,…) for x's channels, which groups divide, got one for %lld of %lld and %lld groups",
            (long long)w[0], (long long)x[1], (long long)groups);
    return wg_conv_bias(c, c->in[2], channels);
}

wg_tensor *wg_plus_bias(wg_tensor *y, wg_tensor *b)
{
    return !y || wg_absent(b) ? y : wg_add(wg_donate(y), wg_over_channels(b, y));
}
