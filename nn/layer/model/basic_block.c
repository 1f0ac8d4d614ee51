/* The block of two convolutions of residual networks for small images. */
#include "../conv/places.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { CONV1, BN1, RELU, CONV2, BN2, DOWNSAMPLE }; /* children; without a projection the last one is absent */

static bool changes_shape(const wg_nn_basic_block_options *o)
{
    return o->stride != 1 || o->in != o->out;
}

/* What the block's change is added to. Option A: every stride-th row and column of x, and zeros for the channels that it lacks. */
static wg_tensor *shortcut(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_basic_block_options *o = call->options;
    if (!changes_shape(o))
        return x;
    if (o->shortcut == WG_SHORTCUT_PROJECTION)
        return wg_nn_apply_child(call, DOWNSAMPLE, x);
    const int64_t before = (o->out - o->in) / 2, after = o->out - o->in - before;
    for (int axis = 2; axis < 4; axis++)
        x = wg_slice(x, axis, 0, wg_extent(x, axis), o->stride);
    return wg_pad(x, WG_SIZES(0, before, 0, 0), WG_SIZES(0, after, 0, 0), 0);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_basic_block_options *o = call->options;
    if (!nn_is_image(x, "nn_basic_block", o->dtype, o->in, 1))
        return NULL;
    wg_tensor *change = x;
    for (size_t i = CONV1; i <= BN2 && change;) {
        wg_tensor *next = wg_nn_apply_next(call, &i, change);
        if (change != x)
            wg_drop(change);
        change = next;
    }
    wg_tensor *straight = shortcut(call, x), *sum = wg_add(change, straight);
    wg_drop(change);
    if (straight != x)
        wg_drop(straight);
    return wg_relu(wg_donate(sum));
}

static wg_nn_module *convolution(const wg_nn_basic_block_options *o, int64_t in, int64_t size, int64_t stride)
{
    return wg_nn_conv2d(in, o->out, size, .stride = WG_PAIR(stride, stride), .padding = WG_PAIR(size / 2, size / 2), .bias = false,
                        .dtype = o->dtype, .init = WG_INIT_KAIMING_NORMAL, .gain = WG_SQRT_2, .generator = o->generator);
}

static wg_status build(wg_nn_module *block, const void *options)
{
    const wg_nn_basic_block_options *o = options;
    if (o->shortcut == WG_SHORTCUT_PAD && o->out < o->in)
        return wg_error_set(WG_E_ARGUMENT, "nn_basic_block",
                            "nn_basic_block: expected at least as many channels out as in, %lld, got %lld, or .shortcut = "
                            "WG_SHORTCUT_PROJECTION",
                            (long long)o->in, (long long)o->out);
    WG_TRY(wg_nn_add_child(block, "conv1", convolution(o, o->in, 3, o->stride)));
    WG_TRY(wg_nn_add_child(block, "bn1", wg_nn_batch_norm(o->out, .dtype = o->dtype)));
    WG_TRY(wg_nn_add_child(block, "relu", wg_nn_relu()));
    WG_TRY(wg_nn_add_child(block, "conv2", convolution(o, o->out, 3, 1)));
    WG_TRY(wg_nn_add_child(block, "bn2", wg_nn_batch_norm(o->out, .dtype = o->dtype)));
    if (!changes_shape(o) || o->shortcut == WG_SHORTCUT_PAD)
        return WG_OK;
    return wg_nn_add_child(block, "downsample",
                           wg_nn_sequential(convolution(o, o->in, 1, o->stride), wg_nn_batch_norm(o->out, .dtype = o->dtype)));
}

#define OPTIONS(...)                                                \
    &(const wg_nn_basic_block_options)                              \
    {                                                               \
        .dtype = WG_F64, .generator = WG_NONE, .in = 2, __VA_ARGS__ \
    }

static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.out = 2, .stride = 1), .n_in = 1, .in = {{4, {2, 2, 4, 3}}}},
    {.options = OPTIONS(.out = 4, .stride = 2), .n_in = 1, .in = {{4, {2, 2, 5, 4}}}},
    {.options = OPTIONS(.out = 3, .stride = 2, .shortcut = WG_SHORTCUT_PROJECTION), .n_in = 1, .in = {{4, {2, 2, 4, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_basic_block_kind = {.name = "basic_block", .forward = forward, .build = build, .samples = samples};
