/* Transposed convolution: conv2d's gradient with respect to its image, as a layer. x takes the role of the gradient; w is laid
   out as for conv2d, with x's channels as its outputs. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_volume_params *p = c->params;
    int64_t y[2];
    WG_TRY(wg_conv_ranks(c, 4, "expected images (N,in,height,width) and kernels (in,out/groups,height,width)"));
    WG_TRY(wg_transposed_result(c, 2, y));
    wg_tensor *image = wg_conv2d_input(c->in[0], c->in[1], y[0], y[1], wg_conv_options_of(&p->plane));
    return wg_made(out[0] = wg_plus_bias(image, c->in[2]));
}

wg_tensor *wg_conv_transpose2d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_transpose2d_options options)
{
    const wg_conv_options window = {
        .stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups};
    const struct wg_volume_params p = {.plane = wg_conv_params(window),
                                       .output_padding = {0, options.output_padding.at[0], options.output_padding.at[1]}};
    return wg_invoke3(&wg_op_conv_transpose2d, &p, x, w, b);
}

/* Params of a sample: strides, paddings, dilations and output_paddings, each for rows and columns, and groups. */
#define ENLARGING(s0, s1, p0, p1, d0, d1, e0, e1, g)                                                                           \
    .params = &(const struct wg_volume_params)                                                                                 \
    {                                                                                                                          \
        .plane = {.stride = {s0, s1}, .padding = {p0, p1}, .dilation = {d0, d1}, .groups = g}, .output_padding = { 0, e0, e1 } \
    }

const struct wg_op wg_op_conv_transpose2d = {
    .name = WG_REGISTERED("conv_transpose2d"),
    .params_size = sizeof(struct wg_volume_params),
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
