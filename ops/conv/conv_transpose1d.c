/* Transposed convolution of sequences: conv_transpose2d of images with one row. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_volume_params *p = c->params;
    int64_t length = 0;
    WG_TRY(wg_conv_ranks(c, 3, "expected sequences (N,in,length) and kernels (in,out/groups,length)"));
    WG_TRY(wg_transposed_result(c, 1, &length));
    wg_tensor *row = wg_conv2d_input(wg_as_row(c->in[0]), wg_as_row(c->in[1]), 1, length, wg_conv_options_of(&p->plane));
    const int64_t channels = wg_extents(c->in[1])[1] * p->plane.groups;
    wg_tensor *sequence = wg_reshape(row, WG_SHAPE(wg_extents(c->in[0])[0], channels, length));
    return wg_made(out[0] = wg_plus_bias(sequence, c->in[2]));
}

wg_tensor *wg_conv_transpose1d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_transpose1d_options options)
{
    const struct wg_volume_params p = {.plane = wg_row_params(options.stride, options.padding, options.dilation, options.groups),
                                       .output_padding = {0, 0, options.output_padding}};
    return wg_invoke3(&wg_op_conv_transpose1d, &p, x, w, b);
}

/* Params of a sample. */
#define ENLARGING(s, p, d, e, g)                                                                                       \
    .params = &(const struct wg_volume_params)                                                                         \
    {                                                                                                                  \
        .plane = {.stride = {1, s}, .padding = {0, p}, .dilation = {1, d}, .groups = g}, .output_padding = { 0, 0, e } \
    }

const struct wg_op wg_op_conv_transpose1d = {
    .name = WG_REGISTERED("conv_transpose1d"),
    .params_size = sizeof(struct wg_volume_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES(
        {"twice as long", {WG_DIMS(2, 3, 4), WG_DIMS(3, 2, 3), WG_DIMS(2)}, .n = 3, ENLARGING(2, 1, 1, 1, 1)},
        {"dilated groups", {WG_DIMS(1, 4, 3), WG_DIMS(4, 2, 2), WG_DIMS(0)}, .n = 3, .none = WG_IN(2), ENLARGING(1, 0, 2, 0, 2)}),
};
