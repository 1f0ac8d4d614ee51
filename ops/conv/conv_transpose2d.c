/* Transposed convolution: conv2d's gradient with respect to its image, as a layer. x takes the role of the gradient; w is laid
   out as for conv2d, with x's channels as its outputs. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

struct params {
    struct wg_window_params window;
    int64_t output_padding[2];
};

/* Sets *result to (extent - 1) stride - 2 padding + dilation (size - 1) + output_padding + 1. Without output_padding this is the
   smallest image for which conv2d's result has that extent. */
static wg_status result_extent(const wg_call *c, int axis, int64_t *result)
{
    const struct params *p = c->params;
    const int64_t extent = wg_extents(c->in[0])[2 + axis], size = wg_extents(c->in[1])[2 + axis], extra = p->output_padding[axis];
    int64_t moved, reach, padding;
    if (extra < 0 || extra >= p->window.stride[axis])
        return wg_call_error(c, WG_E_ARGUMENT, "expected output_padding in [0, stride)");
    if (__builtin_mul_overflow(extent - 1, p->window.stride[axis], &moved) ||
        __builtin_mul_overflow(size - 1, p->window.dilation[axis], &reach) ||
        __builtin_mul_overflow(p->window.padding[axis], 2, &padding) || __builtin_add_overflow(moved, reach, result) ||
        __builtin_sub_overflow(*result, padding, result) || __builtin_add_overflow(*result, extra + 1, result))
        return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    return extent < 1 || *result < 1
               ? wg_call_error(c, WG_E_SHAPE, "expected a result of at least 1, got less after padding is cut off")
               : WG_OK;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *b = c->in[2];
    wg_dtype dtype;
    int64_t height = 0, width = 0;
    WG_TRY(wg_conv_operands(c, &dtype));
    WG_TRY(result_extent(c, 0, &height));
    WG_TRY(result_extent(c, 1, &width));
    wg_tensor *y = wg_conv2d_input(c->in[0], c->in[1], height, width, wg_conv_options_of(&p->window));
    if (!y || wg_absent(b))
        return wg_made(out[0] = y);
    if (b->rank != 1 || b->numel != wg_extents(y)[1])
        return wg_call_error(c, WG_E_SHAPE, "expected a bias with one element per channel of the result");
    return wg_made(out[0] = wg_add(wg_donate(y), wg_over_channels(b, y)));
}

wg_tensor *wg_conv_transpose2d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_transpose2d_options options)
{
    const wg_conv_options window = {
        .stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups};
    const struct params p = {wg_conv_params(window), {options.output_padding.at[0], options.output_padding.at[1]}};
    return wg_invoke3(&wg_op_conv_transpose2d, &p, x, w, b);
}

/* Params of a sample: strides, paddings, dilations and output_paddings, each for rows and columns, and groups. */
#define ENLARGING(s0, s1, p0, p1, d0, d1, e0, e1, g)                                  \
    .params = &(const struct params)                                                  \
    {                                                                                 \
        {.stride = {s0, s1}, .padding = {p0, p1}, .dilation = {d0, d1}, .groups = g}, \
        {                                                                             \
            e0, e1                                                                    \
        }                                                                             \
    }

const struct wg_op wg_op_conv_transpose2d = {
    .name = WG_REGISTERED("conv_transpose2d"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES(
        {"1x1", {WG_DIMS(2, 3, 4, 5), WG_DIMS(3, 6, 1, 1), WG_DIMS(6)}, .n = 3, ENLARGING(1, 1, 0, 0, 1, 1, 0, 0, 1)},
        {"twice as large", {WG_DIMS(2, 2, 2, 3), WG_DIMS(2, 2, 3, 3), WG_DIMS(2)}, .n = 3, ENLARGING(2, 2, 1, 1, 1, 1, 1, 1, 1)},
        {"dilated groups",
         {WG_DIMS(1, 4, 2, 2), WG_DIMS(4, 2, 2, 2), WG_DIMS(0)},
         .n = 3,
         .none = WG_IN(2),
         ENLARGING(1, 2, 0, 1, 2, 1, 0, 1, 2)}),
};
