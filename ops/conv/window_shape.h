/* Windows that slide over an image, of convolution and pooling. Along one axis, tap u = 0 … size-1 of window i looks at position
   i·stride + u·dilation - padding; only the positions inside the image count. Plain enough to be C++. */
#ifndef WG_WINDOW_H
#define WG_WINDOW_H

#include "ops/kernel.h"
#ifndef __cplusplus
#include "wengert/ops.h"
#endif

/* What the operands do not say; pairs are of rows and columns. image: of a gradient by it; size: of a pooling window, or of the
   kernel in a gradient by it. adaptive: window i reaches from ⌊i·extent/outputs⌋ to ⌈(i+1)·extent/outputs⌉. */
struct wg_window_params {
    int64_t image[2], size[2], stride[2], padding[2], dilation[2];
    int64_t groups;
    bool adaptive;
};

/* The windows along one axis: an image's extent, and how many of them there are. */
struct wg_window {
    int64_t extent, outputs, size, stride, padding, dilation;
    bool adaptive;
};

/* Images that are worked on together in convolutions, whatever the number type and the instruction set. */
enum { WG_LANES = 16 };

/* Positions inside the image: first, first + step, … */
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

/* The first window that looks with tap u at that position or one behind it; outputs if there is none. */
static inline int64_t wg_first_window(const struct wg_window *w, int64_t u, int64_t position)
{
    return wg_clip(wg_ceil_div(position - wg_position(w, 0, u), w->stride), 0, w->outputs);
}

/* The first tap with which window i looks at that position or one behind it; size if there is none. */
static inline int64_t wg_first_tap(const struct wg_window *w, int64_t i, int64_t position)
{
    return wg_clip(wg_ceil_div(position - wg_position(w, i, 0), w->dilation), 0, w->size);
}

/* The window that looks with tap u at that position, or -1. */
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

/* Do the images of t (N,C,H,W) lie side by side in memory rather than its columns? */
static inline bool wg_images_innermost(const wg_tensor *t)
{
    const int64_t image = wg_strides(t)[0], column = wg_strides(t)[3];
    const int64_t across = image < 0 ? -image : image, along = column < 0 ? -column : column;
    return wg_extents(t)[0] > 1 && image != 0 && (across < along || wg_extents(t)[3] == 1);
}

#ifndef __cplusplus
/* Params of a sample: strides, paddings and dilations, of rows and columns each, groups, and more by name. */
#define WG_WINDOWS(s0, s1, p0, p1, d0, d1, g, ...)                                              \
    .params = &(const struct wg_window_params)                                                  \
    {                                                                                           \
        .stride = {s0, s1}, .padding = {p0, p1}, .dilation = {d0, d1}, .groups = g, __VA_ARGS__ \
    }

/* How many windows of that size there are along an axis, 0 for rows and 1 for columns, of an image of that extent; E_ARGUMENT and
   E_SHAPE, naming c's operands. c's params are, or begin with, struct wg_window_params. */
wg_status wg_window_count(const wg_call *c, int axis, int64_t extent, int64_t size, int64_t *count);

/* For shape rules of gradients: E_SHAPE if t has not the four extents of the result y. */
wg_status wg_expect_extents(const wg_call *c, const int64_t *y, const wg_tensor *t);

/* ---- convolution: x (N,C,H,W), w (out,in/groups,height,width), y their result ---- */

/* The options as params; E_ARGUMENT if they say what conv_transpose2d alone reads. */
wg_status wg_conv_params(const char *op, wg_conv_options options, struct wg_window_params *p);
wg_conv_options wg_conv_options_of(const struct wg_window_params *p);
/* For shape rules: the float dtype of inputs of which the first two have four axes; the extents of y by those of x and w. */
wg_status wg_conv_operands(const wg_call *c, wg_dtype *dtype);
wg_status wg_conv_result(const wg_call *c, const int64_t *x, const int64_t *w, int64_t *y);
/* What conv2d and conv2d_relu share, c = (x, w, b): the shape rule; the gradients of x and w, g being that of the sums; their tangent. */
wg_status wg_conv_shape(const wg_call *c, wg_spec *out);
wg_status wg_conv_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_status wg_conv_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* An addition and a multiplication where an output and a tap meet inside the image; read is what lies there. */
wg_cost wg_conv_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *w, const wg_tensor *y);

/* ---- pooling: x (N,C,H,W), y its result ---- */

struct wg_window_params wg_pool_params(wg_pool_options options);
wg_pool_options wg_pool_options_of(const struct wg_window_params *p);
/* For shape rules: the extents of y by those of x; filled is whether every window must hold something. */
wg_status wg_pool_result(const wg_call *c, const int64_t *x, bool filled, int64_t *y);
wg_status wg_pool_shape(const wg_call *c, bool filled, wg_spec *out); /* by in[0] */
/* Bytes, of the inputs in the mask only what lies in a window; *pairs: how many pairs of an output and a tap meet inside the image. */
wg_cost wg_pool_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *y, unsigned inputs, double *pairs);
#endif

#endif
