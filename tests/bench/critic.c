/* Workload W17: a critic's step of a Wasserstein GAN with gradient penalty, of the networks with which a ring of Gaussians is learnt: 2-64-64-64-1,
   leaky relu, 256 samples. The points of the penalty are given, as their draw is not what is measured. */
#include "bench.h"

struct critic {
    struct subject base;
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *real, *made, *between;
};

static wg_nn_module *leaky(void)
{
    return wg_nn_leaky_relu(.slope = 0.2);
}

static wg_status make(void *subject, const void *settings)
{
    struct critic *c = subject;
    (void)settings;
    WG_TRY(subject_begin(&c->base, WG_F32));
    c->net = wg_nn_sequential(wg_nn_linear(2, 64), leaky(), wg_nn_linear(64, 64), leaky(), wg_nn_linear(64, 64), leaky(),
                              wg_nn_linear(64, 1));
    if (!c->net)
        return failure();
    WG_TRY(draw_parameters(&c->base, c->net));
    c->real = DRAWN(&c->base, 256, 2), c->made = DRAWN(&c->base, 256, 2), c->between = DRAWN(&c->base, 256, 2);
    c->opt = wg_optim_adam(wg_nn_parameters(c->net), .lr = 1e-4, .beta1 = 0.5, .beta2 = 0.9);
    if (!c->real || !c->made || !c->between || !c->opt)
        return failure();
    WG_TRY(subject_remember_list(&c->base, wg_nn_parameters(c->net)));
    return subject_remember_list(&c->base, wg_optim_state(c->opt));
}

static wg_status step(void *subject)
{
    struct critic *c = subject;
    WG_TAPE(tape);
    wg_tensor *point = wg_gan_point(c->between), *penalty = wg_gan_slope_penalty(wg_nn_apply(c->net, point), point);
    wg_tensor *loss = wg_gan_critic_loss(WG_GAN_WASSERSTEIN, wg_nn_apply(c->net, c->real), wg_nn_apply(c->net, c->made));
    loss = wg_add(loss, wg_mul_scalar(penalty, 10));
    WG_TRY(subject_report(&c->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(c->opt);
}

static void finish(void *subject)
{
    struct critic *c = subject;
    wg_optim_destroy(c->opt), wg_nn_destroy(c->net);
    wg_free(c->real), wg_free(c->made), wg_free(c->between);
    subject_finish(&c->base);
}

const struct workload w17 = {.name = "W17", .size = sizeof(struct critic), .make = make, .step = step, .finish = finish};
