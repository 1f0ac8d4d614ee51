/* One step of an Elman network. */
#include "recurrent.h"

static struct nn_recurrent described(const wg_nn_rnn_cell_options *o)
{
    return (struct nn_recurrent){.op = "nn_rnn_cell",
                                 .gates = 1,
                                 .states = 1,
                                 .step = nn_rnn_step,
                                 .activation = o->activation,
                                 NN_RECURRENT_CELL_OPTIONS(o)};
}

static wg_status build(wg_nn_module *cell, const void *options)
{
    const struct nn_recurrent r = described(options);
    WG_TRY(nn_rnn_check(r.activation, r.op));
    return nn_recurrent_build_cell(&r, cell);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_recurrent r = described(call->options);
    return nn_recurrent_forward_cell(&r, call, x);
}

#define OPTIONS(...)                                                             \
    &(const wg_nn_rnn_cell_options)                                              \
    {                                                                            \
        .in = 3, .hidden = 2, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.activation = WG_ACTIVATION_TANH, .bias = true), .n_in = 2, .in = {{2, {4, 3}}, {2, {4, 2}}}, .n_out = 1},
    {.options = OPTIONS(.activation = WG_ACTIVATION_RELU), .n_in = 1, .in = {{1, {3}}}, .n_out = 1},
    {.n_in = 0},
};

const struct wg_nn_kind nn_rnn_cell_kind = {
    .name = "rnn_cell", .forward = forward, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY, .build = build, .samples = samples};
