/* A U-Net: steps down to smaller images of more channels, and as many up again, each joined to the step down at its size. */
#include <stdio.h>

#include "../conv/places.h"
#include "wengert/ops.h"

enum { MAX_LEVELS = 8 };

/* Children: "inc", "down1", …, "up1", …, "outc". */
static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_unet_options *o = call->options;
    const size_t levels = (size_t)o->levels;
    wg_tensor *at[MAX_LEVELS + 1] = {NULL}; /* what each level made on the way down */
    if (!nn_is_image(x, "nn_unet", o->dtype, o->in, (int64_t)1 << o->levels))
        return NULL;
    at[0] = wg_nn_apply_child(call, 0, x);
    for (size_t i = 0; i < levels && at[i]; i++)
        at[i + 1] = wg_nn_apply_child(call, 1 + i, at[i]);
    wg_tensor *y = at[levels];
    for (size_t i = 0; i < levels && y; i++) {
        wg_tensor *next = wg_nn_apply_child(call, 1 + levels + i, y, at[levels - 1 - i]);
        wg_drop(y);
        wg_drop(at[levels - 1 - i]);
        y = next;
    }
    return y ? wg_nn_apply_child(call, 1 + 2 * levels, y) : NULL;
}

static wg_status add_numbered(wg_nn_module *net, const char *name, int64_t number, wg_nn_module *child)
{
    char text[32];
    snprintf(text, sizeof text, "%s%lld", name, (long long)number);
    return wg_nn_add_child(net, text, child);
}

static wg_status build(wg_nn_module *net, const void *options)
{
    const wg_nn_unet_options *o = options;
    WG_TRY(wg_nn_add_child(net, "inc", wg_nn_double_conv(o->in, o->width, .dtype = o->dtype, .generator = o->generator)));
    for (int64_t i = 0; i < o->levels; i++)
        WG_TRY(add_numbered(net, "down", i + 1,
                            wg_nn_unet_down(o->width << i, o->width << (i + 1), .dtype = o->dtype, .generator = o->generator)));
    for (int64_t i = 0; i < o->levels; i++) {
        const int64_t in = o->width << (o->levels - i);
        WG_TRY(add_numbered(net, "up", i + 1, wg_nn_unet_up(in, in / 2, .dtype = o->dtype, .generator = o->generator)));
    }
    return wg_nn_add_child(net, "outc", wg_nn_conv2d(o->width, o->out, 1, .dtype = o->dtype, .generator = o->generator));
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_unet_options){.in = 1, .out = 2, .width = 1, .levels = 2, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 1,
     .in = {{4, {2, 1, 7, 6}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_unet_kind = {.name = "unet", .forward = forward, .build = build, .samples = samples};
