/* Workloads W13 and W14: training steps of layers for sequences whose results are to follow given ones, with Adam. W13: an LSTM of 128
   units, 32 steps of 32 rows. W14: a block of a GPT (Radford and others, 2019), 256 wide, 4 heads, 8 sequences of 128 tokens. */
#include <math.h>

#include "bench.h"

struct sequence {
    struct subject base;
    wg_nn_module *net;
    wg_tensor *x, *target;
    wg_optim *opt;
};

struct sequence_settings {
    wg_nn_module *(*net)(void);
    wg_status (*draw_weights)(struct subject *s, const wg_nn_module *net);
    wg_shape shape; /* of x and target */
};

static wg_status make(void *subject, const void *settings)
{
    const struct sequence_settings *of = settings;
    struct sequence *q = subject;
    struct subject *s = &q->base;
    WG_TRY(subject_begin(s, WG_F32));
    q->net = of->net();
    if (!q->net)
        return failure();
    WG_TRY(of->draw_weights(s, q->net));
    q->x = drawn(s, WG_F32, of->shape, -sqrt(3), sqrt(3)), q->target = drawn(s, WG_F32, of->shape, -1, 1);
    const wg_tensor_list params = wg_nn_parameters(q->net);
    q->opt = q->x && q->target ? adam(params) : NULL;
    if (!q->opt)
        return failure();
    WG_TRY(subject_remember_list(s, params));
    return subject_remember_list(s, wg_optim_state(q->opt));
}

static wg_status step(void *subject)
{
    struct sequence *q = subject;
    WG_TAPE(tape);
    wg_tensor *loss = wg_mse(wg_nn_apply(q->net, q->x), q->target);
    if (!loss)
        return failure();
    WG_TRY(subject_report(&q->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(q->opt);
}

static void finish(void *subject)
{
    struct sequence *q = subject;
    wg_optim_destroy(q->opt);
    wg_nn_destroy(q->net);
    wg_free(q->x), wg_free(q->target);
    subject_finish(&q->base);
}

/* ---- W13 ---- */

static wg_nn_module *lstm(void)
{
    return wg_nn_lstm(128, 128);
}

/* As in PyTorch, all from U(±1/√units). */
static wg_status draw_lstm(struct subject *s, const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    const double bound = 1 / sqrt(128);
    for (size_t i = 0; i < params.n; i++) {
        wg_tensor *numbers = drawn(s, WG_F32, wg_shape_of(params.tensor[i]), -bound, bound);
        const wg_status status = numbers ? wg_assign(params.tensor[i], numbers) : failure();
        wg_free(numbers);
        WG_TRY(status);
    }
    return WG_OK;
}

/* ---- W14 ---- */

static wg_nn_module *block(void)
{
    return wg_nn_transformer_encoder_layer(256, 4, .hidden = 1024, .dropout = 0, .activation = WG_ACTIVATION_GELU,
                                           .norm_first = true, .causal = true);
}

#define SEQUENCE(id, title, network, draw, ...)                                                  \
    static const struct sequence_settings id##_settings = {network, draw, WG_DIMS(__VA_ARGS__)}; \
    const struct workload id = {                                                                 \
        .name = title, .size = sizeof(struct sequence), .make = make, .step = step, .finish = finish, .settings = &id##_settings}

SEQUENCE(w13, "W13", lstm, draw_lstm, 32, 32, 128);
SEQUENCE(w14, "W14", block, draw_parameters, 8, 128, 256);
