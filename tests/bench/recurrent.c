/* Workloads W12 and W13: training steps of an LSTM (Hochreiter and Schmidhuber, 1997), 32 steps of 32 rows, with Adam. W12: 64 units
   over 76 characters, written with slices as a user would. W13: 128 units over 128 features, with the op lstm_cell. */
#include <math.h>

#include "bench.h"

enum { STEPS = 32, ROWS = 32, HIDDEN = 64, CHARACTERS = 76, PARAMETERS = 6 };

struct lstm {
    struct subject base;
    wg_tensor *param[PARAMETERS]; /* weights of the input and the state, their biases; weights of the output, its bias */
    wg_tensor *x, *labels;        /* (T,B,C), one-hot; (T B) */
    wg_optim *opt;
};

static wg_tensor *one_hot(wg_tensor *labels)
{
    wg_tensor *rows = wg_one_hot(labels, CHARACTERS, WG_F32), *x = wg_reshape(rows, WG_SHAPE(STEPS, ROWS, CHARACTERS));
    wg_free(rows);
    return x;
}

static wg_status make(void *subject, const void *settings)
{
    struct lstm *l = subject;
    struct subject *s = &l->base;
    const wg_shape shape[PARAMETERS] = {
        WG_SHAPE(4 * HIDDEN, CHARACTERS), WG_SHAPE(4 * HIDDEN, HIDDEN), WG_SHAPE(4 * HIDDEN), WG_SHAPE(4 * HIDDEN),
        WG_SHAPE(CHARACTERS, HIDDEN),     WG_SHAPE(CHARACTERS)};
    (void)settings;
    WG_TRY(subject_begin(s, WG_F32));
    for (int i = 0; i < PARAMETERS; i++) {
        l->param[i] = wg_set_requires_grad(drawn(s, WG_F32, shape[i], -0.125, 0.125), true); /* ±1/√HIDDEN */
        if (!l->param[i])
            return failure();
    }
    wg_tensor *characters = drawn_labels(s, STEPS * ROWS, CHARACTERS);
    l->x = one_hot(characters), l->labels = drawn_labels(s, STEPS * ROWS, CHARACTERS);
    wg_free(characters);
    const wg_tensor_list params = {.tensor = l->param, .n = PARAMETERS};
    l->opt = l->x && l->labels ? adam(params) : NULL;
    if (!l->opt)
        return failure();
    WG_TRY(subject_remember_list(s, params));
    return subject_remember_list(s, wg_optim_state(l->opt));
}

/* The loss over all time steps. */
static wg_tensor *forward(const struct lstm *l)
{
    wg_tensor *const *p = l->param;
    wg_tensor *h = wg_zeros(WG_F32, WG_SHAPE(ROWS, HIDDEN)), *c = h, *hidden[STEPS];
    wg_tensor *from_input = wg_linear(l->x, p[0], p[2]);
    for (int t = 0; t < STEPS; t++) {
        wg_tensor *gate[4];
        if (wg_chunk(wg_add(wg_select(from_input, 0, t), wg_linear(h, p[1], p[3])), 1, 4, gate, NULL) != WG_OK)
            return NULL;
        c = wg_add(wg_mul(wg_sigmoid(gate[1]), c), wg_mul(wg_sigmoid(gate[0]), wg_tanh(gate[2])));
        h = hidden[t] = wg_mul(wg_sigmoid(gate[3]), wg_tanh(c));
    }
    return wg_cross_entropy(wg_linear(wg_concat(hidden, STEPS, 0), p[4], p[5]), l->labels);
}

static wg_status step(void *subject)
{
    struct lstm *l = subject;
    WG_TAPE(tape);
    wg_tensor *loss = forward(l);
    if (!loss)
        return failure();
    WG_TRY(subject_report(&l->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(l->opt);
}

static void finish(void *subject)
{
    struct lstm *l = subject;
    wg_optim_destroy(l->opt);
    for (int i = 0; i < PARAMETERS; i++)
        wg_free(l->param[i]);
    wg_free(l->x), wg_free(l->labels);
    subject_finish(&l->base);
}

const struct workload w12 = {.name = "W12", .size = sizeof(struct lstm), .make = make, .step = step, .finish = finish};

/* ---- W13 ---- */

enum { INPUT = 128, UNITS = 128, WEIGHTS = 4 };

struct sequence {
    struct subject base;
    wg_tensor *param[WEIGHTS]; /* weight_ih, weight_hh, bias_ih, bias_hh */
    wg_tensor *x, *target;     /* (T,B,INPUT), (T,B,UNITS) */
    wg_optim *opt;
};

static wg_status make_sequence(void *subject, const void *settings)
{
    struct sequence *q = subject;
    struct subject *s = &q->base;
    const wg_shape shape[WEIGHTS] = {WG_SHAPE(4 * UNITS, INPUT), WG_SHAPE(4 * UNITS, UNITS), WG_SHAPE(4 * UNITS),
                                     WG_SHAPE(4 * UNITS)};
    const double bound = 1 / sqrt(UNITS);
    (void)settings;
    WG_TRY(subject_begin(s, WG_F32));
    for (int i = 0; i < WEIGHTS; i++) {
        q->param[i] = wg_set_requires_grad(drawn(s, WG_F32, shape[i], -bound, bound), true);
        if (!q->param[i])
            return failure();
    }
    q->x = DRAWN(s, STEPS, ROWS, INPUT), q->target = drawn(s, WG_F32, WG_SHAPE(STEPS, ROWS, UNITS), -1, 1);
    const wg_tensor_list params = {.tensor = q->param, .n = WEIGHTS};
    q->opt = q->x && q->target ? adam(params) : NULL;
    if (!q->opt)
        return failure();
    WG_TRY(subject_remember_list(s, params));
    return subject_remember_list(s, wg_optim_state(q->opt));
}

static wg_tensor *sequence_loss(const struct sequence *q)
{
    wg_tensor *const *p = q->param, *h = NULL, *c = wg_zeros(WG_F32, WG_SHAPE(ROWS, UNITS)), *hidden[STEPS];
    wg_tensor *from_input = wg_linear(q->x, p[0], wg_add(p[2], p[3]));
    for (int t = 0; t < STEPS; t++) {
        wg_tensor *from_state = t > 0 ? wg_donate(wg_linear(h, p[1], WG_NONE)) : WG_NONE;
        h = hidden[t] = wg_lstm_cell(wg_select(from_input, 0, t), from_state, c, .next = &c);
    }
    wg_drop(from_input);
    return wg_mse(wg_reshape(wg_concat(hidden, STEPS, 0), WG_SHAPE(STEPS, ROWS, UNITS)), q->target);
}

static wg_status step_sequence(void *subject)
{
    struct sequence *q = subject;
    WG_TAPE(tape);
    wg_tensor *loss = sequence_loss(q);
    if (!loss)
        return failure();
    WG_TRY(subject_report(&q->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(q->opt);
}

static void finish_sequence(void *subject)
{
    struct sequence *q = subject;
    wg_optim_destroy(q->opt);
    for (int i = 0; i < WEIGHTS; i++)
        wg_free(q->param[i]);
    wg_free(q->x), wg_free(q->target);
    subject_finish(&q->base);
}

const struct workload w13 = {
    .name = "W13", .size = sizeof(struct sequence), .make = make_sequence, .step = step_sequence, .finish = finish_sequence};
