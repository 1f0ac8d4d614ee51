/* A step up of a U-Net: x is enlarged, joined to what the step down at the same size made, and convolved. */
#include "../conv/places.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { UP, CONV }; /* children */

static bool fit(const wg_nn_call *call, const wg_tensor *x, const wg_tensor *skip)
{
    const wg_nn_unet_up_options *o = call->options;
    char of_x[200], of_skip[200];
    if (!nn_is_image(x, "nn_unet_up", o->dtype, o->in, 1) || !nn_is_image(skip, "nn_unet_up", o->dtype, o->in / 2, 1))
        return false;
    if (wg_extent(x, 0) == wg_extent(skip, 0) && wg_extent(x, 2) <= wg_extent(skip, 2) / 2 &&
        wg_extent(x, 3) <= wg_extent(skip, 3) / 2)
        return true;
    (void)wg_error_set(WG_E_SHAPE, "nn_unet_up",
                       "nn_unet_up: expected as many skipped images of at least twice x's rows and columns, got %s for %s",
                       wg_shape_text(wg_shape_of(skip), of_skip, sizeof of_skip), wg_shape_text(wg_shape_of(x), of_x, sizeof of_x));
    return false;
}

/* Zeros around up, so that it has skip's rows and columns; one more behind than before where their number is odd. */
static wg_tensor *padded(wg_tensor *up, const wg_tensor *skip)
{
    int64_t before[4] = {0}, after[4] = {0};
    for (int axis = 2; axis < 4; axis++) {
        const int64_t missing = wg_extent(skip, axis) - wg_extent(up, axis);
        before[axis] = missing / 2;
        after[axis] = missing - missing / 2;
    }
    return after[2] + after[3] == 0 ? up : wg_pad(up, (wg_sizes){4, before}, (wg_sizes){4, after}, 0);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *skip = call->in[1];
    if (!fit(call, x, skip))
        return NULL;
    wg_tensor *up = wg_nn_apply_child(call, UP, x), *larger = up ? padded(up, skip) : NULL;
    wg_tensor *joined = larger ? wg_concat(((wg_tensor *[]){skip, larger}), 2, 1) : NULL;
    wg_drop(up);
    if (larger != up)
        wg_drop(larger);
    wg_tensor *y = joined ? wg_nn_apply_child(call, CONV, joined) : NULL;
    wg_drop(joined);
    return y;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_unet_up_options *o = options;
    if (o->in % 2 != 0)
        return wg_error_set(WG_E_ARGUMENT, "nn_unet_up", "nn_unet_up: expected an even number of channels, got %lld",
                            (long long)o->in);
    WG_TRY(wg_nn_add_child(
        layer, "up",
        wg_nn_conv_transpose2d(o->in, o->in / 2, 2, .stride = WG_PAIR(2, 2), .dtype = o->dtype, .generator = o->generator)));
    return wg_nn_add_child(layer, "conv", wg_nn_double_conv(o->in, o->out, .dtype = o->dtype, .generator = o->generator));
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_unet_up_options){.in = 2, .out = 2, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 2,
     .in = {{4, {2, 2, 2, 2}}, {4, {2, 1, 5, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_unet_up_kind = {.name = "unet_up", .forward = forward, .n_in = 2, .build = build, .samples = samples};
