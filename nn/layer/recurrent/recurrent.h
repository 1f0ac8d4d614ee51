/* What the layers and cells of recurrent networks share. Each describes itself by a struct nn_recurrent; recurrent.c makes the
   parameters and runs the loops. */
#ifndef NN_RECURRENT_H
#define NN_RECURRENT_H

#include "../layers.h"

/* The parameters of one layer in one direction. Biases are WG_NONE in a layer without them. */
struct nn_recurrent_weights {
    wg_tensor *w_ih, *w_hh, *b_ih, *b_hh;
};

/* The states (…,hidden) between two steps: h and, of an LSTM, c. zero: both are 0, and the product with h need not be made. */
struct nn_recurrent_state {
    wg_tensor *h, *c;
    bool zero;
};

struct nn_recurrent;
/* One step: replaces the state by the next one; h is NULL on failure. from_input: x W_ihᵀ with its bias. */
typedef void nn_recurrent_step(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, wg_tensor *from_input,
                               struct nn_recurrent_state *s);
nn_recurrent_step nn_rnn_step, nn_lstm_step, nn_gru_step;

/* All steps at once, of rows without lengths: the states h after each step, (T,B,hidden), from from_input (T,B,gates hidden), which it may
   overwrite. Replaces the state by that after the last step if final is true. NULL on failure. */
typedef wg_tensor *nn_recurrent_sequence(const struct nn_recurrent_weights *w, wg_tensor *from_input, bool reverse, bool final,
                                         struct nn_recurrent_state *s);

struct nn_recurrent {
    const char *op; /* the constructor, for messages */
    int gates, states;
    bool bias_apart; /* the biases of the two products are not just added to each other */
    nn_recurrent_step *step;
    nn_recurrent_sequence *sequence; /* NULL: step by step */
    wg_activation activation;        /* of rnn */
    /* the options of the same names */
    int64_t in, hidden, layers;
    bool bias, batch_first, bidirectional;
    double dropout;
    wg_dtype dtype;
    wg_tensor *generator;
};
#define NN_RECURRENT_CELL_OPTIONS(o) \
    .in = (o)->in, .hidden = (o)->hidden, .layers = 1, .bias = (o)->bias, .dtype = (o)->dtype, .generator = (o)->generator
#define NN_RECURRENT_OPTIONS(o)                                                                                      \
    .in = (o)->in, .hidden = (o)->hidden, .layers = (o)->layers, .bias = (o)->bias, .batch_first = (o)->batch_first, \
    .bidirectional = (o)->bidirectional, .dropout = (o)->dropout, .dtype = (o)->dtype, .generator = (o)->generator

/* Adds the parameters of all layers and directions, or those of a cell, whose names have no "_l0". */
wg_status nn_recurrent_build(const struct nn_recurrent *r, wg_nn_module *layer);
wg_status nn_recurrent_build_cell(const struct nn_recurrent *r, wg_nn_module *cell);

/* The forward functions of layers and cells. */
wg_tensor *nn_recurrent_forward(const struct nn_recurrent *r, const wg_nn_call *call, wg_tensor *x);
wg_tensor *nn_recurrent_forward_cell(const struct nn_recurrent *r, const wg_nn_call *call, wg_tensor *x);

/* For steps: h W_hhᵀ and, with bias_apart, its bias. WG_NONE if that is 0. */
wg_tensor *nn_recurrent_from_state(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, const wg_tensor *from_input,
                                   const struct nn_recurrent_state *s);

/* E_ARGUMENT unless an rnn can have that activation. */
wg_status nn_rnn_check(wg_activation activation, const char *op);

#endif
