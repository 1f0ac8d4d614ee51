/* A vector for each position, which is trained. */
#include "attention.h"
#include "wengert/ops.h"

enum { WEIGHT }; /* parameters */

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_learned_positions_options *o = call->options;
    if (!nn_fits_positions(x, o->dtype, o->length, o->features, "nn_learned_positions"))
        return NULL;
    return wg_add(x, wg_slice(call->param[WEIGHT], 0, 0, wg_extent(x, -2), 1));
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_learned_positions_options *o = options;
    const wg_shape shape = WG_SHAPE(o->length, o->features);
    wg_tensor *weight = wg_init_tensor(o->dtype, shape, o->generator, WG_INIT_NORMAL, .mean = 0, .deviation = o->deviation);
    return wg_nn_add_parameter(layer, "weight", weight);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_learned_positions_options){.length = 5, .features = 4, .dtype = WG_F64, .generator = WG_NONE},
     .n_in = 1,
     .in = {{3, {2, 3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_learned_positions_kind = {
    .name = "learned_positions", .forward = forward, .build = build, .samples = samples};
