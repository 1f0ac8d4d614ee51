/* Transposed convolution of volumes, conv3d's gradient with respect to x as a layer: the transpose of each of conv3d's steps, in
   reverse. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

/* The planes (N·D, k·out, H, W), in which channels are (group, depth k, channel of the group), as (N, D·k, out, H, W). */
static wg_tensor *by_depth(wg_tensor *planes, int64_t n, int64_t groups, const wg_sampling *windows)
{
    if (!planes)
        return NULL;
    const int64_t *e = wg_extents(planes), channels = e[1] / windows->size;
    const wg_shape whole = WG_SHAPE(n, windows->extent, channels, e[2], e[3]);
    if (groups == 1)
        return wg_reshape(planes, whole);
    wg_tensor *parts = wg_reshape(planes, WG_SHAPE(e[0], groups, windows->size, channels / groups, e[2], e[3]));
    return wg_reshape(wg_permute(parts, WG_AXES(0, 2, 1, 3, 4, 5)), whole);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_volume_params *p = c->params;
    int64_t y[3], images, of_group;
    wg_sampling windows;
    WG_TRY(wg_conv_ranks(c, 5, "expected volumes (N,in,depth,height,width) and kernels (in,out/groups,depth,height,width)"));
    WG_TRY(wg_transposed_result(c, 3, y));
    const int64_t *x = wg_extents(c->in[0]), *w = wg_extents(c->in[1]);
    WG_TRY(wg_windows_along(c, &p->depth, 0, w[2], x[2], &windows));
    WG_TRY(wg_merged(c, x[0], x[2], &images));
    WG_TRY(wg_merged(c, w[1], w[2], &of_group));
    wg_tensor *kernel = wg_reshape(wg_permute(c->in[1], WG_AXES(0, 2, 1, 3, 4)), WG_SHAPE(w[0], of_group, w[3], w[4]));
    wg_tensor *given = wg_reshape(wg_permute(c->in[0], WG_AXES(0, 2, 1, 3, 4)), WG_SHAPE(images, x[1], x[3], x[4]));
    wg_tensor *planes = wg_conv2d_input(given, kernel, y[1], y[2], wg_conv_options_of(&p->plane));
    wg_tensor *added = wg_resample_grad(by_depth(planes, x[0], p->plane.groups, &windows), 1, y[0], windows);
    wg_drop(planes);
    return wg_made(out[0] = wg_plus_bias(wg_permute(added, WG_AXES(0, 2, 1, 3, 4)), c->in[2]));
}

wg_tensor *wg_conv_transpose3d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_transpose3d_options options)
{
    struct wg_volume_params p = wg_volume_params(&options.stride, &options.padding, &options.dilation, options.groups);
    memcpy(p.output_padding, options.output_padding.at, sizeof p.output_padding);
    return wg_invoke3(&wg_op_conv_transpose3d, &p, x, w, b);
}

/* Params of a sample: the depth's stride, padding and dilation, the planes' stride, padding and dilation, groups, and output_paddings. */
#define ENLARGING(s, p, d, s1, p1, d1, g, ...)                                                                     \
    .params = &(const struct wg_volume_params)                                                                     \
    {                                                                                                              \
        .depth = {.stride = {s, 1}, .padding = {p, 0}, .dilation = {d, 1}, .groups = 1},                           \
        .plane = {.stride = {s1, s1}, .padding = {p1, p1}, .dilation = {d1, d1}, .groups = g}, .output_padding = { \
            __VA_ARGS__                                                                                            \
        }                                                                                                          \
    }

const struct wg_op wg_op_conv_transpose3d = {
    .name = WG_REGISTERED("conv_transpose3d"),
    .params_size = sizeof(struct wg_volume_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"twice as large",
                {WG_DIMS(2, 2, 2, 1, 2), WG_DIMS(2, 1, 3, 2, 2), WG_DIMS(1)},
                .n = 3,
                ENLARGING(2, 1, 1, 2, 0, 1, 1, 1, 0, 1)},
               {"dilated groups",
                {WG_DIMS(1, 4, 2, 2, 2), WG_DIMS(4, 2, 2, 2, 2), WG_DIMS(0)},
                .n = 3,
                .none = WG_IN(2),
                ENLARGING(1, 0, 2, 1, 1, 2, 2, 0, 0, 0)}),
};
