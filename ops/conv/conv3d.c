/* Convolution of volumes as one of images: what a window reads along the depth becomes channels. With k = the kernel's depth and D' the
   result's, x (N,C,D,H,W) gives images (N·D', k·C, H, W), whose channels are (group, depth, channel of the group). */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_tensor *images_of(const wg_call *c, const wg_sampling *windows, int64_t images, int64_t channels)
{
    const struct wg_volume_params *p = c->params;
    const int64_t *x = wg_extents(c->in[0]), groups = p->plane.groups;
    wg_tensor *planes = wg_copy(wg_permute(c->in[0], WG_AXES(0, 2, 1, 3, 4)));
    wg_tensor *read = wg_resample(planes, 1, *windows);
    wg_drop(planes);
    if (groups == 1)
        return wg_reshape(read, WG_SHAPE(images, channels, x[3], x[4]));
    wg_tensor *parts = wg_reshape(read, WG_SHAPE(images, windows->size, groups, x[1] / groups, x[3], x[4]));
    wg_tensor *grouped = wg_reshape(wg_permute(parts, WG_AXES(0, 2, 1, 3, 4, 5)), WG_SHAPE(images, channels, x[3], x[4]));
    wg_drop(read);
    return grouped;
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_volume_params *p = c->params;
    int64_t depth = 0, y[4], images, channels, of_group;
    wg_sampling windows;
    WG_TRY(wg_conv_ranks(c, 5, "expected volumes (N,C,depth,height,width) and kernels (out,in/groups,depth,height,width)"));
    const int64_t *x = wg_extents(c->in[0]), *w = wg_extents(c->in[1]);
    WG_TRY(wg_conv_result(c, &p->plane, (const int64_t[]){x[0], x[1], x[3], x[4]}, (const int64_t[]){w[0], w[1], w[3], w[4]}, y));
    WG_TRY(wg_window_count(c, &p->depth, 0, x[2], w[2], &depth));
    WG_TRY(wg_conv_bias(c, c->in[2], y[1]));
    WG_TRY(wg_windows_along(c, &p->depth, 0, w[2], depth, &windows));
    WG_TRY(wg_merged(c, x[0], depth, &images));
    WG_TRY(wg_merged(c, x[1], w[2], &channels));
    WG_TRY(wg_merged(c, w[1], w[2], &of_group));
    wg_tensor *kernel = wg_reshape(wg_permute(c->in[1], WG_AXES(0, 2, 1, 3, 4)), WG_SHAPE(w[0], of_group, w[3], w[4]));
    wg_tensor *planes = wg_invoke3(&wg_op_conv2d, &p->plane, images_of(c, &windows, images, channels), kernel, c->in[2]);
    wg_tensor *volumes = wg_reshape(planes, WG_SHAPE(y[0], depth, y[1], y[2], y[3]));
    return wg_made(out[0] = wg_permute(volumes, WG_AXES(0, 2, 1, 3, 4)));
}

wg_tensor *wg_conv3d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv3d_options options)
{
    const struct wg_volume_params p = wg_volume_params(&options.stride, &options.padding, &options.dilation, options.groups);
    return wg_invoke3(&wg_op_conv3d, &p, x, w, b);
}

/* Params of a sample: the depth's stride, padding and dilation, the planes', and groups. */
#define BOXES(s, p, d, s1, s2, p1, p2, d1, d2, g)                                                   \
    .params = &(const struct wg_volume_params)                                                      \
    {                                                                                               \
        .depth = {.stride = {s, 1}, .padding = {p, 0}, .dilation = {d, 1}, .groups = 1}, .plane = { \
            .stride = {s1, s2},                                                                     \
            .padding = {p1, p2},                                                                    \
            .dilation = {d1, d2},                                                                   \
            .groups = g                                                                             \
        }                                                                                           \
    }

const struct wg_op wg_op_conv3d = {
    .name = WG_REGISTERED("conv3d"),
    .params_size = sizeof(struct wg_volume_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"1x1x1", {WG_DIMS(2, 2, 2, 3, 2), WG_DIMS(3, 2, 1, 1, 1), WG_DIMS(3)}, .n = 3, BOXES(1, 0, 1, 1, 1, 0, 0, 1, 1, 1)},
               {"padded",
                {WG_DIMS(2, 1, 3, 2, 3), WG_DIMS(2, 1, 3, 2, 2), WG_DIMS(0)},
                .n = 3,
                .none = WG_IN(2),
                BOXES(2, 1, 1, 1, 2, 1, 0, 1, 1, 1)},
               {"dilated groups",
                {WG_DIMS(1, 4, 4, 2, 3), WG_DIMS(2, 2, 2, 2, 2), WG_DIMS(2)},
                .n = 3,
                BOXES(1, 0, 2, 1, 1, 0, 0, 1, 1, 2)}),
};
