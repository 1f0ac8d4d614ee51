/* Workload W12: a training step of an LSTM (Hochreiter and Schmidhuber, 1997) of 64 units over 76 characters, 32 steps of 32 rows, with
   Adam, written with slices as a user would. */
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
