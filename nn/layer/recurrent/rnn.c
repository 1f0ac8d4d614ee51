/* Elman networks: h ← tanh(W x + b + U h + d), or relu. */
#include "recurrent.h"
#include "wengert/error.h"
#include "wengert/ops.h"

void nn_rnn_step(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, wg_tensor *from_input,
                 struct nn_recurrent_state *s)
{
    wg_tensor *from_state = nn_recurrent_from_state(r, w, from_input, s);
    wg_tensor *sum = from_state == WG_NONE ? from_input : wg_donate(wg_add(wg_donate(from_state), from_input));
    s->h = r->activation == WG_ACTIVATION_RELU ? wg_relu(sum) : wg_tanh(sum);
}

wg_status nn_rnn_check(wg_activation activation, const char *op)
{
    if (activation == WG_ACTIVATION_TANH || activation == WG_ACTIVATION_RELU)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .activation = WG_ACTIVATION_TANH or WG_ACTIVATION_RELU, got %s", op,
                        (unsigned)activation < WG_ACTIVATION_COUNT_ ? wg_activation_names[activation] : "none of the list");
}

static struct nn_recurrent described(const wg_nn_rnn_options *o)
{
    return (struct nn_recurrent){
        .op = "nn_rnn", .gates = 1, .states = 1, .step = nn_rnn_step, .activation = o->activation, NN_RECURRENT_OPTIONS(o)};
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const struct nn_recurrent r = described(options);
    WG_TRY(nn_rnn_check(r.activation, r.op));
    return nn_recurrent_build(&r, layer);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_recurrent r = described(call->options);
    return nn_recurrent_forward(&r, call, x);
}

#define OPTIONS(...)                                                             \
    &(const wg_nn_rnn_options)                                                   \
    {                                                                            \
        .in = 3, .hidden = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.activation = WG_ACTIVATION_TANH, .layers = 1, .bias = true),
     .n_in = 1,
     .in = {{3, {4, 2, 3}}},
     .n_out = 2},
    {.options = OPTIONS(.activation = WG_ACTIVATION_RELU, .layers = 2, .bidirectional = true, .batch_first = true),
     .n_in = 3,
     .in = {{3, {3, 3, 3}}, {3, {4, 3, 4}}, {1, {3}}},
     .below = {0, 0, 4},
     .n_out = 2},
    {.n_in = 0},
};

const struct wg_nn_kind nn_rnn_kind = {
    .name = "rnn", .forward = forward, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY, .build = build, .samples = samples};
