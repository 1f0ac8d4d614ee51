/* One-dimensional convolution: conv2d of images with one row. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    wg_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank != 3 || w->rank != 3)
        return wg_call_error(c, WG_E_SHAPE, "expected sequences (N,C,length) and kernels (out,in/groups,length)");
    const wg_shape of_x = WG_SHAPE(wg_extents(x)[0], wg_extents(x)[1], 1, wg_extents(x)[2]);
    const wg_shape of_w = WG_SHAPE(wg_extents(w)[0], wg_extents(w)[1], 1, wg_extents(w)[2]);
    int64_t of_y[4];
    WG_TRY(wg_conv_result(c, of_x.extent, of_w.extent, of_y));
    if (!wg_absent(b) && (b->rank != 1 || b->numel != of_y[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected a bias with one element per channel of the result");
    wg_tensor *y = wg_invoke3(&wg_op_conv2d, c->params, wg_reshape(x, of_x), wg_reshape(w, of_w), b);
    return wg_made(out[0] = wg_reshape(y, WG_SHAPE(of_y[0], of_y[1], of_y[3])));
}

wg_tensor *wg_conv1d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv1d_options options)
{
    struct wg_window_params p = {.stride = {1, options.stride},
                                 .padding = {0, options.padding},
                                 .dilation = {1, options.dilation},
                                 .groups = options.groups};
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
