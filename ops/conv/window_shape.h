/* Windows that slide over an image, for convolution and pooling. Along one axis, tap u = 0 … size-1 of window i reads position
   i·stride + u·dilation - padding; positions outside the image are skipped. Compiles as C++ too. */
#ifndef WG_WINDOW_SHAPE_H
#define WG_WINDOW_SHAPE_H

#include "ops/kernel.h"
#ifndef __cplusplus
#include "wengert/ops.h"
#endif

/* The parameters that the operands do not determine; pairs are for rows and columns. image: the image's extents, in the gradient
   with respect to it. size: a pooling window's, or the kernel's in the gradient with respect to it. adaptive: window i reaches
   from ⌊i·extent/outputs⌋ to ⌈(i+1)·extent/outputs⌉. ceil_mode: the last window may end behind the padding. exclude_pad: a mean's
   divisor counts elements of the image only. */
struct wg_window_params {
    int64_t image[2], size[2], stride[2], padding[2], dilation[2];
    int64_t groups;
    bool adaptive, ceil_mode, exclude_pad;
};

/* The same of volumes (N,C,D,H,W): along the depth, as the rows of `depth` (its columns are windows of one element), and in the
   planes. */
struct wg_volume_params {
    struct wg_window_params depth, plane;
    int64_t output_padding[3]; /* of transposed convolutions */
};

/* The windows along one axis: the image's extent, their number (outputs) and their geometry. */
struct wg_window {
    int64_t extent, outputs, size, stride, padding, dilation;
    bool adaptive, exclude_pad;
};

/* Convolutions split a sum over images into this many parts, for every element type and instruction set, so that results agree
   in their bits. */
enum { WG_LANES = 16 };

/* Positions inside the image: first, first + step, …, count of them. */
struct wg_span {
    int64_t first, count, step;
};

static inline struct wg_window wg_window_of(const struct wg_window_params *p, int axis, int64_t extent, int64_t size,
                                            int64_t outputs)
{
    struct wg_window w;
    w.extent = extent;
    w.outputs = outputs;
    w.size = size;
    w.stride = p->stride[axis];
    w.padding = p->padding[axis];
    w.dilation = p->dilation[axis];
    w.adaptive = p->adaptive;
    w.exclude_pad = p->exclude_pad;
    return w;
}

/* ⌈a/b⌉ for b > 0. */
static inline int64_t wg_ceil_div(int64_t a, int64_t b)
{
    return b == 1 ? a : a / b + (a % b > 0);
}

static inline int64_t wg_clip(int64_t i, int64_t low, int64_t high)
{
    return i < low ? low : i > high ? high : i;
}

static inline int64_t wg_position(const struct wg_window *w, int64_t i, int64_t u)
{
    return i * w->stride + u * w->dilation - w->padding;
}

/* The first window whose tap u reads `position` or a later one; outputs if there is none. */
static inline int64_t wg_first_window(const struct wg_window *w, int64_t u, int64_t position)
{
    return wg_clip(wg_ceil_div(position - wg_position(w, 0, u), w->stride), 0, w->outputs);
}

/* The first tap of window i that reads `position` or a later one; size if there is none. */
static inline int64_t wg_first_tap(const struct wg_window *w, int64_t i, int64_t position)
{
    return wg_clip(wg_ceil_div(position - wg_position(w, i, 0), w->dilation), 0, w->size);
}

/* The window whose tap u reads `position`, or -1. */
static inline int64_t wg_window_at(const struct wg_window *w, int64_t position, int64_t u)
{
    const int64_t start = position - wg_position(w, 0, u), i = w->stride == 1 ? start : start / w->stride;
    return start >= 0 && i * w->stride == start && i < w->outputs ? i : -1;
}

static inline struct wg_span wg_span_of(const struct wg_window *w, int64_t i)
{
    struct wg_span span;
    if (w->adaptive) {
        span.first = i * w->extent / w->outputs;
        span.count = wg_ceil_div((i + 1) * w->extent, w->outputs) - span.first;
        span.step = 1;
    } else {
        const int64_t tap = wg_first_tap(w, i, 0);
        span.first = wg_position(w, i, tap);
        span.count = wg_first_tap(w, i, w->extent) - tap;
        span.step = w->dilation;
    }
    return span;
}

/* The divisor of a mean over window i, along one axis: the elements of the window that count. */
static inline int64_t wg_counted(const struct wg_window *w, int64_t i)
{
    return w->adaptive || w->exclude_pad ? wg_span_of(w, i).count : wg_first_tap(w, i, w->extent + w->padding);
}

/* Do t's images (N,C,H,W) have a smaller stride than its columns? */
static inline bool wg_images_innermost(const wg_tensor *t)
{
    const int64_t image = wg_strides(t)[0], column = wg_strides(t)[3];
    const int64_t across = image < 0 ? -image : image, along = column < 0 ? -column : column;
    return wg_extents(t)[0] > 1 && image != 0 && (across < along || wg_extents(t)[3] == 1);
}

#ifndef __cplusplus
/* Params of a sample: strides, paddings and dilations, each for rows and columns, groups, and further members by name. */
#define WG_WINDOWS(s0, s1, p0, p1, d0, d1, g, ...)                                              \
    .params = &(const struct wg_window_params)                                                  \
    {                                                                                           \
        .stride = {s0, s1}, .padding = {p0, p1}, .dilation = {d0, d1}, .groups = g, __VA_ARGS__ \
    }

/* What WG_PARAMS describes of them for a convolution and for pooling. */
#define WG_CONV_PARAMS WG_WINDOW_STEPS, WG_PARAM_UNLESS(1, INT64, struct wg_window_params, groups)
#define WG_POOL_PARAMS                                                                                                           \
    WG_PARAM(PAIR, struct wg_window_params, size), WG_WINDOW_STEPS, WG_PARAM_UNLESS(0, BOOL, struct wg_window_params, adaptive), \
        WG_PARAM_UNLESS(0, BOOL, struct wg_window_params, ceil_mode),                                                            \
        WG_PARAM_UNLESS(0, BOOL, struct wg_window_params, exclude_pad)
#define WG_WINDOW_STEPS                                                                                                    \
    WG_PARAM_UNLESS(1, PAIR, struct wg_window_params, stride), WG_PARAM_UNLESS(0, PAIR, struct wg_window_params, padding), \
        WG_PARAM_UNLESS(1, PAIR, struct wg_window_params, dilation)

/* Fails with a message, as printf's, that also names c's operands. */
wg_status wg_window_error(const wg_call *c, wg_status code, const char *format, ...) WG_PRINTF(3, 4);

/* Sets *count to the number of windows of that size along an axis (0 rows, 1 columns) of an image of that extent. E_ARGUMENT or
   E_SHAPE, with a message that names c's operands. */
wg_status wg_window_count(const wg_call *c, const struct wg_window_params *p, int axis, int64_t extent, int64_t size,
                          int64_t *count);

/* For shape rules of gradients: E_SHAPE unless t has the four extents y. */
wg_status wg_expect_extents(const wg_call *c, const int64_t *y, const wg_tensor *t);

/* ---- convolution: x (N,C,H,W), w (out,in/groups,height,width), y the result ---- */

/* Options as params, and back. */
struct wg_window_params wg_conv_params(wg_conv_options options);
wg_conv_options wg_conv_options_of(const struct wg_window_params *p);
/* For shape rules. _operands: the float dtype of the inputs, the first two of which must have rank 4. _result: the extents of y
   from those of x and w. _bias: E_SHAPE unless b is absent or has an element for each of that many channels. */
wg_status wg_conv_operands(const wg_call *c, wg_dtype *dtype);
wg_status wg_conv_result(const wg_call *c, const struct wg_window_params *p, const int64_t *x, const int64_t *w, int64_t *y);
wg_status wg_conv_bias(const wg_call *c, const wg_tensor *b, int64_t channels);
/* What conv2d and conv2d_relu share, c = (x, w, b): the shape rule, the gradients (g: the gradient of the sums before relu), and
   the tangent of the sums. */
wg_status wg_conv_shape(const wg_call *c, wg_spec *out);
wg_status wg_conv_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_status wg_conv_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* The cost: one addition and one multiplication for each pair of an output and a tap that meet inside the image; only elements
   in such pairs count as read. */
wg_cost wg_conv_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *w, const wg_tensor *y);

/* ---- pooling: x (N,C,H,W), y the result ---- */

/* Params of windows with the given options, and of those that divide the image into a result of that height and width. The ops
   and their gradients share params, so vjps and jvps pass them on. */
struct wg_window_params wg_pool_params(wg_pool_options options);
struct wg_window_params wg_avg_pool_params(wg_avg_pool_options options);
struct wg_window_params wg_adaptive_params(int64_t height, int64_t width);
/* For shape rules. _result: the extents of y from those of x; filled: every window must contain a position of the image. */
wg_status wg_pool_result(const wg_call *c, const struct wg_window_params *p, const int64_t *x, bool filled, int64_t *y);
wg_status wg_pool_shape(const wg_call *c, bool filled, wg_spec *out); /* from in[0] */
/* The bytes, where inputs in the mask count only elements inside a window; *pairs is the number of pairs of an output and a tap
   that meet inside the image. */
wg_cost wg_pool_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *y, unsigned inputs, double *pairs);

/* ---- composed ops: sequences (N,C,L) as images of one row, volumes (N,C,D,H,W) as planes (volumes.c) ---- */

/* Params of windows over sequences, and over volumes. */
struct wg_window_params wg_row_params(int64_t stride, int64_t padding, int64_t dilation, int64_t groups);
struct wg_volume_params wg_volume_params(const wg_triple *stride, const wg_triple *padding, const wg_triple *dilation,
                                         int64_t groups);
struct wg_volume_params wg_volume_pool_params(wg_pool3d_options options);
/* Params of unfold, and of fold to an image of that height and width. */
struct wg_window_params wg_unfold_params(wg_unfold_options options, int64_t height, int64_t width);
/* A view (N,C,1,L) of a sequence. */
wg_tensor *wg_as_row(wg_tensor *x);
/* c's only input pooled by max_pool2d or avg_pool2d. _sequence: c's params are struct wg_window_params; _volume: wg_volume_params. */
wg_status wg_pool_sequence(const wg_call *c, const struct wg_op *op, wg_tensor **out);
wg_status wg_pool_volume(const wg_call *c, const struct wg_op *op, wg_tensor **out);
/* E_DTYPE, E_SHAPE unless the two inputs are floats of that rank; text says their shapes. */
wg_status wg_conv_ranks(const wg_call *c, int rank, const char *text);
/* Transposed convolution: checks c's operands and params, a struct wg_volume_params, and sets result to the extents of the result
   behind its channels. x and w are the extents of the operands, of which the last axes, 1 to 3, are those of the image. */
wg_status wg_transposed_result(const wg_call *c, int axes, int64_t *result);
/* y + b, where b is WG_NONE or has an element for each channel; y is the caller's own. */
wg_tensor *wg_plus_bias(wg_tensor *y, wg_tensor *b);
/* What resample reads for `count` windows of that size along an axis of p (0 rows, 1 columns); E_SHAPE if their elements are too many to
   count. */
wg_status wg_windows_along(const wg_call *c, const struct wg_window_params *p, int axis, int64_t size, int64_t count,
                           wg_sampling *windows);
/* *product = a b; E_SHAPE if that is too large. */
wg_status wg_merged(const wg_call *c, int64_t a, int64_t b, int64_t *product);
#endif

#endif
