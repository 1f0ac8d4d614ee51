/* One step of a GRU. */
#include "recurrent.h"

static struct nn_recurrent described(const wg_nn_gru_cell_options *o)
{
    return (struct nn_recurrent){
        .op = "nn_gru_cell", .gates = 3, .states = 1, .step = nn_gru_step, .bias_apart = true, NN_RECURRENT_CELL_OPTIONS(o)};
}

static wg_status build(wg_nn_module *cell, const void *options)
{
    const struct nn_recurrent r = described(options);
    return nn_recurrent_build_cell(&r, cell);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_recurrent r = described(call->options);
    return nn_recurrent_forward_cell(&r, call, x);
}

#define OPTIONS(...)                                                             \
    &(const wg_nn_gru_cell_options)                                              \
    {                                                                            \
        .in = 3, .hidden = 2, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.bias = true), .n_in = 2, .in = {{2, {4, 3}}, {2, {4, 2}}}, .n_out = 1},
    {.options = OPTIONS(.bias = false), .n_in = 1, .in = {{1, {3}}}, .n_out = 1},
    {.n_in = 0},
};

const struct wg_nn_kind nn_gru_cell_kind = {
    .name = "gru_cell", .forward = forward, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY, .build = build, .samples = samples};
