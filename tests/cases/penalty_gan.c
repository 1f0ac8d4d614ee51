/* A Wasserstein GAN with gradient penalty on a ring of eight Gaussians, some updates: second derivatives through networks with and without
   biases, for UndefinedBehaviorSanitizer (clang, portable kernels), which stops at arithmetic on NULL. */
#include "case.h"

enum { BATCH = 64, NOISE = 2, CRITIC_STEPS = 3, UPDATES = 5 };

static wg_tensor *real_batch(wg_tensor *generator, int update)
{
    float centre[2 * BATCH];
    for (int i = 0; i < BATCH; i++) {
        const double angle = 2 * acos(-1) * ((3 * i + update) % 8) / 8;
        centre[2 * i] = (float)(2 * cos(angle));
        centre[2 * i + 1] = (float)(2 * sin(angle));
    }
    return wg_add(wg_from(centre, WG_SHAPE(BATCH, 2)), wg_normal(generator, WG_F32, WG_SHAPE(BATCH, 2), 0, 0.05));
}

static wg_tensor *made_batch(const wg_nn_module *maker, wg_tensor *generator)
{
    return wg_nn_apply(maker, wg_normal(generator, WG_F32, WG_SHAPE(BATCH, NOISE), 0, 1));
}

static wg_status critic_step(const wg_nn_module *critic, const wg_nn_module *maker, wg_optim *optim, wg_tensor *generator,
                             int update)
{
    WG_TAPE(tape);
    wg_tensor *real = real_batch(generator, update), *fake = wg_detach(made_batch(maker, generator));
    wg_tensor *between = wg_lerp(fake, real, wg_uniform(generator, WG_F32, WG_SHAPE(BATCH, 1), 0, 1));
    between = wg_set_requires_grad(between, true);
    wg_tensor *g = wg_grad(wg_sum(wg_nn_apply(critic, between)), between, .create_graph = true);
    wg_tensor *penalty = wg_mean(wg_square(wg_add_scalar(wg_norm2(g, .axis = 1), -1)));
    wg_tensor *gap = wg_sub(wg_mean(wg_nn_apply(critic, fake)), wg_mean(wg_nn_apply(critic, real)));
    WG_TRY(wg_backward(wg_add(gap, wg_mul_scalar(penalty, 10))));
    return wg_optim_step(optim);
}

static wg_status maker_step(const wg_nn_module *critic, const wg_nn_module *maker, wg_optim *optim, wg_optim *critic_optim,
                            wg_tensor *generator)
{
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_neg(wg_mean(wg_nn_apply(critic, made_batch(maker, generator))))));
    WG_TRY(wg_optim_step(optim));
    wg_optim_clear_gradients(critic_optim); /* backward left gradients on the critic, too */
    return WG_OK;
}

int main(void)
{
    wg_tensor *generator = wg_generator(7, 0);
    wg_nn_module *maker = wg_nn_mlp(WG_SIZES(NOISE, 64, 64, 2), .seed = 1), *critic = wg_nn_mlp(WG_SIZES(2, 64, 64, 1), .seed = 2);
    wg_optim *maker_optim = wg_optim_adam(wg_nn_parameters(maker), .lr = 1e-3, .beta1 = 0.5, .beta2 = 0.9);
    wg_optim *critic_optim = wg_optim_adam(wg_nn_parameters(critic), .lr = 1e-3, .beta1 = 0.5, .beta2 = 0.9);
    wg_status status = WG_OK;
    for (int update = 0; update < UPDATES && status == WG_OK; update++) {
        for (int k = 0; k < CRITIC_STEPS && status == WG_OK; k++)
            status = critic_step(critic, maker, critic_optim, generator, update);
        if (status == WG_OK)
            status = maker_step(critic, maker, maker_optim, critic_optim, generator);
    }
    is_("the updates", status == WG_OK && !wg_error_first());
    error_("the error");
    is_("weights are finite", isfinite(at_(wg_nn_parameters(critic).tensor[0], 0)));
    wg_optim_destroy(maker_optim), wg_optim_destroy(critic_optim);
    wg_nn_destroy(maker), wg_nn_destroy(critic), wg_free(generator);
    return end_();
}
