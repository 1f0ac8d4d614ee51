/* What convolution and pooling share besides their kernels: options, shapes and costs. */
#include "ops/conv/window_shape.h"

#include <stdarg.h>
#include <stdio.h>

#include "ops/op.h"

wg_status wg_window_error(const wg_call *c, wg_status code, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return wg_call_error(c, code, text);
}

/* The last of count windows begins behind the image and the padding before it. */
static bool begins_outside(int64_t count, int64_t stride, int64_t extent, int64_t padding)
{
    int64_t start;
    return __builtin_mul_overflow(count - 1, stride, &start) || start >= extent + padding;
}

wg_status wg_window_count(const wg_call *c, const struct wg_window_params *p, int axis, int64_t extent, int64_t size,
                          int64_t *count)
{
    const int64_t stride = p->stride[axis], padding = p->padding[axis], dilation = p->dilation[axis];
    int64_t reach, padded;
    if (size < 1)
        return wg_window_error(c, WG_E_SHAPE, "expected a window of at least 1, got %lld", (long long)size);
    if (stride < 1 || padding < 0 || dilation < 1)
        return wg_window_error(
            c, WG_E_ARGUMENT,
            "expected stride and dilation of at least 1 and padding of at least 0, got stride %lld, dilation %lld, padding %lld",
            (long long)stride, (long long)dilation, (long long)padding);
    if (__builtin_mul_overflow(dilation, size - 1, &reach) || __builtin_add_overflow(reach, 1, &reach) ||
        __builtin_mul_overflow(padding, 2, &padded) || __builtin_add_overflow(padded, extent, &padded))
        return wg_window_error(c, WG_E_SHAPE, "a window of %lld with dilation %lld, or padding %lld, is too large", (long long)size,
                               (long long)dilation, (long long)padding);
    const int64_t behind = extent < 0 ? -stride : padded - reach; /* positions behind the first window; below 0: it ends outside */
    *count = behind < 0 ? 0 : behind / stride + 1;
    if (p->ceil_mode && behind > -stride && behind % stride != 0 && !begins_outside(*count + 1, stride, extent, padding))
        *count += 1;
    if (*count > 0)
        return WG_OK;
    return wg_window_error(c, WG_E_SHAPE,
                           "expected a window that fits, got a window of %lld with dilation %lld on %lld with padding %lld",
                           (long long)size, (long long)dilation, (long long)extent, (long long)padding);
}

wg_status wg_expect_extents(const wg_call *c, const int64_t *y, const wg_tensor *t)
{
    if (t->rank == 4 && memcmp(wg_extents(t), y, 4 * sizeof *y) == 0)
        return WG_OK;
    return wg_window_error(c, WG_E_SHAPE, "expected a gradient of the result's shape [%lld, %lld, %lld, %lld]", (long long)y[0],
                           (long long)y[1], (long long)y[2], (long long)y[3]);
}

/* ---- convolution ---- */

struct wg_window_params wg_conv_params(wg_conv_options options)
{
    struct wg_window_params p = {.groups = options.groups};
    memcpy(p.stride, options.stride.at, sizeof p.stride);
    memcpy(p.padding, options.padding.at, sizeof p.padding);
    memcpy(p.dilation, options.dilation.at, sizeof p.dilation);
    return p;
}

wg_conv_options wg_conv_options_of(const struct wg_window_params *p)
{
    wg_conv_options options = {.groups = p->groups};
    memcpy(options.stride.at, p->stride, sizeof p->stride);
    memcpy(options.padding.at, p->padding, sizeof p->padding);
    memcpy(options.dilation.at, p->dilation, sizeof p->dilation);
    return options;
}

wg_status wg_conv_operands(const wg_call *c, wg_dtype *dtype)
{
    WG_TRY(wg_same_float(c, dtype));
    if (c->in[0]->rank != 4 || c->in[1]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width) and kernels (out,in/groups,height,width)");
    return WG_OK;
}

wg_status wg_conv_result(const wg_call *c, const struct wg_window_params *p, const int64_t *x, const int64_t *w, int64_t *y)
{
    const int64_t groups = p->groups;
    if (groups < 1)
        return wg_window_error(c, WG_E_ARGUMENT, "expected groups of at least 1, got %lld", (long long)groups);
    if (x[1] % groups != 0 || w[0] % groups != 0)
        return wg_window_error(c, WG_E_SHAPE,
                               "expected groups that divide the channels, got %lld groups of %lld channels in and %lld out",
                               (long long)groups, (long long)x[1], (long long)w[0]);
    if (w[1] != x[1] / groups)
        return wg_window_error(c, WG_E_SHAPE,
                               "expected a kernel for the channels of a group, got one for %lld where a group has %lld",
                               (long long)w[1], (long long)(x[1] / groups));
    y[0] = x[0];
    y[1] = w[0];
    WG_TRY(wg_window_count(c, p, 0, x[2], w[2], &y[2]));
    return wg_window_count(c, p, 1, x[3], w[3], &y[3]);
}

wg_status wg_conv_bias(const wg_call *c, const wg_tensor *b, int64_t channels)
{
    if (wg_absent(b) || (b->rank == 1 && b->numel == channels))
        return WG_OK;
    return wg_call_error(c, WG_E_SHAPE, "expected a bias with one element per channel of the result");
}

wg_status wg_conv_shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
    WG_TRY(wg_conv_operands(c, &out->dtype));
    out->rank = 4;
    WG_TRY(wg_conv_result(c, c->params, wg_extents(x), wg_extents(w), out->extent));
    return wg_conv_bias(c, b, wg_extents(w)[0]);
}

wg_status wg_conv_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    const int64_t *x = wg_extents(c->in[0]), *w = wg_extents(c->in[1]);
    WG_TRY(WG_GIVE(gx[0], wg_conv2d_input(g, c->in[1], x[2], x[3], options)));
    return WG_GIVE(gx[1], wg_conv2d_weight(c->in[0], g, w[2], w[3], options));
}

wg_status wg_conv_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    WG_TRY(wg_jvp_sum(c, WG_PART(tx[0], wg_conv2d_with(tx[0], c->in[1], WG_NONE, options)),
                      WG_PART(tx[1], wg_conv2d_with(c->in[0], tx[1], WG_NONE, options)), ty));
    return wg_jvp_sum(c, ty[0], WG_PART(tx[2], wg_over_channels(tx[2], c->out[0])), ty);
}

/* ---- pooling ---- */

struct wg_window_params wg_pool_params(wg_pool_options options)
{
    struct wg_window_params p = {.groups = 1};
    memcpy(p.size, options.size.at, sizeof p.size);
    memcpy(p.padding, options.padding.at, sizeof p.padding);
    memcpy(p.dilation, options.dilation.at, sizeof p.dilation);
    for (int axis = 0; axis < 2; axis++)
        p.stride[axis] = options.stride.at[axis] != 0 ? options.stride.at[axis] : p.size[axis];
    p.ceil_mode = options.ceil_mode;
    return p;
}

struct wg_window_params wg_avg_pool_params(wg_avg_pool_options options)
{
    struct wg_window_params p = wg_pool_params((wg_pool_options){
        .size = options.size,
        .stride = options.stride,
        .padding = options.padding,
        .dilation = options.dilation,
        .ceil_mode = options.ceil_mode,
    });
    p.exclude_pad = !options.count_include_pad;
    return p;
}

struct wg_window_params wg_adaptive_params(int64_t height, int64_t width)
{
    return (struct wg_window_params){.size = {height, width}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .adaptive = true};
}

/* Checks that adaptive windows can divide an axis. */
static wg_status adaptive_count(const wg_call *c, int64_t extent, int64_t outputs)
{
    int64_t product;
    if (outputs < 1 || extent < 1)
        return wg_window_error(c, outputs < 1 ? WG_E_ARGUMENT : WG_E_SHAPE,
                               "expected at least one element and one window, got an extent of %lld and %lld windows",
                               (long long)extent, (long long)outputs);
    if (__builtin_mul_overflow(outputs, extent, &product) || __builtin_add_overflow(product, extent, &product))
        return wg_window_error(c, WG_E_SHAPE, "expected fewer windows, got %lld on an extent of %lld", (long long)outputs,
                               (long long)extent);
    return WG_OK;
}

/* Checks that every window contains a position of the image. Only windows that begin before or after the image can be empty. */
static wg_status check_filled(const wg_call *c, const struct wg_window *w)
{
    bool filled = wg_position(w, w->outputs - 1, 0) < w->extent;
    for (int64_t i = 0; i < w->outputs && filled && wg_position(w, i, 0) < 0; i++)
        filled = wg_span_of(w, i).count > 0;
    if (filled)
        return WG_OK;
    return wg_window_error(
        c, WG_E_SHAPE,
        "expected an element of the image in each window, got a window of %lld with dilation %lld on %lld with padding %lld",
        (long long)w->size, (long long)w->dilation, (long long)w->extent, (long long)w->padding);
}

wg_status wg_pool_result(const wg_call *c, const struct wg_window_params *p, const int64_t *x, bool filled, int64_t *y)
{
    y[0] = x[0];
    y[1] = x[1];
    for (int axis = 0; axis < 2; axis++) {
        y[2 + axis] = p->size[axis];
        if (p->adaptive) {
            WG_TRY(adaptive_count(c, x[2 + axis], p->size[axis]));
            continue;
        }
        WG_TRY(wg_window_count(c, p, axis, x[2 + axis], p->size[axis], &y[2 + axis]));
        const struct wg_window w = wg_window_of(p, axis, x[2 + axis], p->size[axis], y[2 + axis]);
        if (filled)
            WG_TRY(check_filled(c, &w));
    }
    return WG_OK;
}

wg_status wg_pool_shape(const wg_call *c, bool filled, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    if (c->in[0]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width)");
    out->rank = 4;
    return wg_pool_result(c, c->params, wg_extents(c->in[0]), filled, out->extent);
}

/* ---- costs ---- */

/* Along one axis: the number of pairs of an output and a tap that meet inside the image, and of the outputs, taps and positions
   in such pairs. */
struct meetings {
    double pairs, outputs, taps, positions;
};

static struct meetings meetings_of(const struct wg_window *w)
{
    struct meetings m = {0};
    for (int64_t i = 0; i < w->outputs; i++) {
        const struct wg_span span = wg_span_of(w, i);
        m.pairs += (double)span.count;
        m.outputs += span.count > 0;
    }
    for (int64_t u = 0; u < w->size; u++)
        m.taps += wg_first_window(w, u, 0) < wg_first_window(w, u, w->extent);
    for (int64_t position = 0; position < w->extent; position++) {
        bool seen = w->adaptive;
        for (int64_t u = 0; u < w->size && !seen; u++)
            seen = wg_window_at(w, position, u) >= 0;
        m.positions += seen;
    }
    return m;
}

/* The bytes of an operand that are not read if only that many of its rows and columns are read. */
static double unread(const wg_tensor *t, double rows, double columns)
{
    double all = (double)wg_dtype_size((wg_dtype)t->dtype), read = all;
    for (int axis = 0; axis < 4; axis++) {
        const double extent = (double)wg_extents(t)[axis], of = axis == 2 ? rows : axis == 3 ? columns : extent;
        const bool repeated = wg_strides(t)[axis] == 0;
        all *= repeated && extent > 0 ? 1 : extent;
        read *= repeated && of > 0 ? 1 : of;
    }
    return all - read;
}

wg_cost wg_conv_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *w, const wg_tensor *y)
{
    const struct wg_window_params *p = c->params;
    const struct wg_window rows = wg_window_of(p, 0, wg_extents(x)[2], wg_extents(w)[2], wg_extents(y)[2]);
    const struct wg_window columns = wg_window_of(p, 1, wg_extents(x)[3], wg_extents(w)[3], wg_extents(y)[3]);
    const struct meetings r = meetings_of(&rows), k = meetings_of(&columns);
    const wg_tensor *out = c->out[0];
    wg_cost cost = wg_cost_bytes(c);
    if (out->numel == 0)
        return cost;
    cost.add = cost.mul = (double)(wg_extents(x)[0] * wg_extents(w)[0] * wg_extents(w)[1]) * r.pairs * k.pairs;
    cost.bytes_read -= x != out ? unread(x, r.positions, k.positions) : 0;
    cost.bytes_read -= w != out ? unread(w, r.taps, k.taps) : 0;
    cost.bytes_read -= y != out ? unread(y, r.outputs, k.outputs) : 0;
    return cost;
}

wg_cost wg_pool_cost(const wg_call *c, const wg_tensor *x, const wg_tensor *y, unsigned inputs, double *pairs)
{
    const struct wg_window_params *p = c->params;
    const struct wg_window rows = wg_window_of(p, 0, wg_extents(x)[2], p->size[0], wg_extents(y)[2]);
    const struct wg_window columns = wg_window_of(p, 1, wg_extents(x)[3], p->size[1], wg_extents(y)[3]);
    const struct meetings r = meetings_of(&rows), k = meetings_of(&columns);
    wg_cost cost = wg_cost_bytes(c);
    *pairs = (double)(wg_extents(x)[0] * wg_extents(x)[1]) * r.pairs * k.pairs;
    for (unsigned i = 0; i < c->n_in && c->out[0]->numel > 0; i++)
        cost.bytes_read -= inputs >> i & 1 ? unread(c->in[i], r.positions, k.positions) : 0;
    return cost;
}
