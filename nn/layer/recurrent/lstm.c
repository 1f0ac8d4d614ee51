/* Long short-term memory (Hochreiter, Schmidhuber, 1997). */
#include "recurrent.h"
#include "wengert/ops.h"

void nn_lstm_step(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, wg_tensor *from_input,
                  struct nn_recurrent_state *s)
{
    wg_tensor *from_state = nn_recurrent_from_state(r, w, from_input, s);
    s->h = wg_lstm_cell(from_input, from_state == WG_NONE ? from_state : wg_donate(from_state), s->c, .next = &s->c);
}

static wg_tensor *sequence(const struct nn_recurrent_weights *w, wg_tensor *from_input, bool reverse, bool final,
                           struct nn_recurrent_state *s)
{
    wg_tensor *cells,
        *y = wg_lstm(wg_donate(from_input), w->w_hh, s->zero ? WG_NONE : s->h, s->c, .reverse = reverse, .cells = &cells);
    if (final) {
        s->h = wg_select(y, 0, reverse ? 0 : -1);
        s->c = wg_select(cells, 0, reverse ? 0 : -1);
    }
    return y;
}

static struct nn_recurrent described(const wg_nn_lstm_options *o)
{
    return (struct nn_recurrent){
        .op = "nn_lstm", .gates = 4, .states = 2, .step = nn_lstm_step, .sequence = sequence, NN_RECURRENT_OPTIONS(o)};
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const struct nn_recurrent r = described(options);
    return nn_recurrent_build(&r, layer);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_recurrent r = described(call->options);
    return nn_recurrent_forward(&r, call, x);
}

#define OPTIONS(...)                                                             \
    &(const wg_nn_lstm_options)                                                  \
    {                                                                            \
        .in = 3, .hidden = 2, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.layers = 1, .bias = true), .n_in = 1, .in = {{3, {4, 2, 3}}}, .n_out = 1},
    {.options = OPTIONS(.bias = true, .layers = 2, .bidirectional = true, .batch_first = true),
     .n_in = 4,
     .in = {{3, {3, 3, 3}}, {3, {4, 3, 2}}, {3, {4, 3, 2}}, {1, {3}}},
     .below = {0, 0, 0, 4},
     .n_out = 3},
    {.options = OPTIONS(.layers = 2, .dropout = 0.3),
     .n_in = 3,
     .in = {{3, {2, 2, 3}}, {3, {2, 2, 2}}, {3, {2, 2, 2}}},
     .n_out = 3},
    {.options = OPTIONS(.layers = 1, .bias = true), .n_in = 2, .in = {{3, {4, 5, 3}}, {1, {5}}}, .below = {0, 5}, .n_out = 2},
    {.options = OPTIONS(.layers = 1, .bias = true), .n_in = 1, .in = {{3, {1, 2, 3}}}, .n_out = 3}, /* one step */
    {.n_in = 0},
};

const struct wg_nn_kind nn_lstm_kind = {
    .name = "lstm", .forward = forward, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY, .build = build, .samples = samples};
