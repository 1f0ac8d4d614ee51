#include "plane_gan.h"

#include <math.h>

enum { BATCH = 128, LATENT = 4, WIDTH = 64 };

struct players {
    wg_nn_module *generator, *critic;
    wg_optim *generator_optim, *critic_optim;
    wg_tensor *draws, *centres;
};

wg_tensor *plane_ring(void)
{
    return wg_gan_ring_centres(8, 2);
}

static wg_tensor *real_batch(const struct plane_gan *gan, const struct players *p)
{
    if (!gan->data)
        return wg_gan_mixture(p->draws, BATCH, p->centres, gan->sigma);
    const double n = (double)wg_extent(gan->data, 0);
    return wg_index_select(gan->data, 0, wg_cast(wg_uniform(p->draws, WG_F64, WG_SHAPE(BATCH), 0, n), WG_I64));
}

static wg_tensor *fake_batch(const struct players *p, int n)
{
    return wg_nn_apply(p->generator, wg_normal(p->draws, WG_F32, WG_SHAPE(n, LATENT), 0, 1));
}

static bool critic_step(const struct plane_gan *gan, const struct players *p, double noise)
{
    WG_TAPE(tape);
    wg_tensor *real = wg_gan_point(wg_gan_noise(real_batch(gan, p), noise, .generator = p->draws));
    wg_tensor *fake = wg_detach(wg_gan_noise(fake_batch(p, BATCH), noise, .generator = p->draws)),
              *scores = wg_nn_apply(p->critic, real);
    wg_tensor *loss = wg_gan_critic_loss(gan->objective, scores, wg_nn_apply(p->critic, fake));
    if (gan->r1 > 0)
        loss = wg_add(loss, wg_mul_scalar(wg_gan_r1_penalty(scores, real), gan->r1));
    return wg_backward(loss) == WG_OK && wg_optim_step(p->critic_optim) == WG_OK;
}

static bool generator_step(const struct plane_gan *gan, const struct players *p, double noise)
{
    WG_TAPE(tape);
    wg_tensor *fake = wg_gan_noise(fake_batch(p, BATCH), noise, .generator = p->draws);
    const bool good = wg_backward(wg_gan_generator_loss(gan->objective, WG_NONE, wg_nn_apply(p->critic, fake))) == WG_OK &&
                      wg_optim_step(p->generator_optim) == WG_OK;
    const wg_tensor_list critic = wg_nn_parameters(p->critic);
    for (size_t i = 0; i < critic.n; i++)
        wg_clear_gradient(critic.tensor[i]);
    return good;
}

static bool make(const struct plane_gan *gan, struct players *p)
{
    *p = (struct players){
        .generator = wg_nn_mlp(WG_SIZES(LATENT, WIDTH, WIDTH, 2), .seed = gan->seed),
        .critic = wg_nn_mlp(WG_SIZES(2, WIDTH, WIDTH, 1), .seed = gan->seed + 1, .activation = WG_ACTIVATION_LEAKY_RELU),
        .draws = wg_generator(gan->seed, 7),
        .centres = plane_ring()};
    if (p->generator && p->critic) {
        p->generator_optim = wg_optim_adam(wg_nn_parameters(p->generator), .lr = gan->rate, .beta1 = 0.5);
        p->critic_optim = wg_optim_adam(wg_nn_parameters(p->critic), .lr = gan->rate, .beta1 = 0.5);
    }
    return p->generator_optim && p->critic_optim && p->draws && p->centres;
}

wg_tensor *plane_gan_samples(const struct plane_gan *gan, int n)
{
    struct players p;
    bool good = make(gan, &p);
    for (int step = 0; step < gan->steps && good; step++) {
        const double noise = fmax(0, gan->noise * (1 - 2. * step / gan->steps));
        good = critic_step(gan, &p, noise) && generator_step(gan, &p, noise);
    }
    wg_tensor *samples = NULL;
    if (good) {
        WG_TAPE(tape);
        samples = wg_keep(fake_batch(&p, n));
    }
    wg_optim_destroy(p.generator_optim);
    wg_optim_destroy(p.critic_optim);
    wg_nn_destroy(p.generator);
    wg_nn_destroy(p.critic);
    wg_free(p.draws);
    wg_free(p.centres);
    return samples;
}
