/* The hardtanh layer. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_hardtanh_options *o = call->options;
    return wg_hardtanh(x, .low = o->low, .high = o->high);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_hardtanh_options *o = options;
    (void)layer;
    if (o->low <= o->high)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, "nn_hardtanh", "nn_hardtanh: expected low <= high, got %g and %g", o->low, o->high);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_hardtanh_options){.low = -0.5, .high = 0.25}, .n_in = 1, .in = {{2, {3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_hardtanh_kind = {.name = "hardtanh", .forward = forward, .build = build, .samples = samples};
