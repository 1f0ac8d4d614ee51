/* One-dimensional convolution: conv2d of images with one row. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    wg_tensor *x = c->in[0], *w = c->in[1];
    int64_t y[4];
    WG_TRY(wg_conv_ranks(c, 3, "expected sequences (N,C,length) and kernels (out,in/groups,length)"));
    const int64_t of_x[] = {wg_extents(x)[0], wg_extents(x)[1], 1, wg_extents(x)[2]};
    const int64_t of_w[] = {wg_extents(w)[0], wg_extents(w)[1], 1, wg_extents(w)[2]};
    WG_TRY(wg_conv_result(c, c->params, of_x, of_w, y));
    WG_TRY(wg_conv_bias(c, c->in[2], y[1]));
    wg_tensor *row = wg_invoke3(&wg_op_conv2d, c->params, wg_as_row(x), wg_as_row(w), c->in[2]);
    return wg_made(out[0] = wg_reshape(row, WG_SHAPE(y[0], y[1], y[3])));
}

wg_tensor *wg_conv1d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv1d_options options)
{
    const struct wg_window_params p = wg_row_params(options.stride, options.padding, options.dilation, options.groups);
    return wg_invoke3(&wg_op_conv1d, &p, x, w, b);
}

const struct wg_op wg_op_conv1d = {
    .name = WG_REGISTERED("conv1d"),
    .params_size = sizeof(struct wg_window_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES(
        {"length 1", {WG_DIMS(2, 3, 7), WG_DIMS(5, 3, 1), WG_DIMS(5)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"strided", {WG_DIMS(2, 2, 6), WG_DIMS(3, 2, 3), WG_DIMS(0)}, .n = 3, .none = WG_IN(2), WG_WINDOWS(1, 2, 0, 1, 1, 1, 1)},
        {"dilated groups", {WG_DIMS(1, 4, 6), WG_DIMS(2, 2, 2), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 3, 2)}),
};
