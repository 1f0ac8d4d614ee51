/* Sines and cosines of positions (Vaswani and others, 2017). */
#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { TABLE }; /* buffers */

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_sinusoidal_positions_options *o = call->options;
    if (!nn_fits_positions(x, o->dtype, o->length, o->features, "nn_sinusoidal_positions"))
        return NULL;
    return wg_add(x, wg_slice(call->buffer[TABLE], 0, 0, wg_extent(x, -2), 1));
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_sinusoidal_positions_options *o = options;
    if (o->features % 2 != 0)
        return wg_error_set(WG_E_ARGUMENT, "nn_sinusoidal_positions",
                            "nn_sinusoidal_positions: expected an even number of features, got %lld", (long long)o->features);
    wg_tensor *part[2] = {nn_table_of_angles(o->dtype, o->length, o->features, o->base, true),
                          nn_table_of_angles(o->dtype, o->length, o->features, o->base, false)};
    wg_tensor *pairs = wg_stack(part, 2, 2), *table = wg_reshape(pairs, WG_SHAPE(o->length, o->features));
    wg_free(part[0]), wg_free(part[1]), wg_free(pairs);
    return wg_nn_add_buffer(layer, "table", table);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_sinusoidal_positions_options){.length = 5, .features = 4, .base = 10000, .dtype = WG_F64},
     .n_in = 1,
     .in = {{3, {2, 3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_sinusoidal_positions_kind = {
    .name = "sinusoidal_positions", .forward = forward, .build = build, .samples = samples};
