/* The losses of critic and generator. */
#include "gan.h"

#include "wengert/error.h"
#include "wengert/ops.h"

struct scores {
    wg_gan_objective objective;
    wg_tensor *real, *fake;
};

/* E s(x), or E s(-x). */
static wg_tensor *mean_softplus(wg_tensor *x)
{
    return wg_mean(wg_softplus(x));
}

static wg_tensor *mean_softplus_of_minus(wg_tensor *x)
{
    return wg_neg(wg_mean(wg_log_sigmoid(x)));
}

/* ½ E (x - target)². */
static wg_tensor *half_square(wg_tensor *x, double target)
{
    return wg_mul_scalar(wg_mean(wg_square(wg_add_scalar(x, -target))), 0.5);
}

static wg_tensor *critic_loss(const void *arguments)
{
    const struct scores *s = arguments;
    wg_tensor *r = s->real, *f = s->fake;
    switch (s->objective) {
    case WG_GAN_WASSERSTEIN:
        return wg_sub(wg_mean(f), wg_mean(r));
    case WG_GAN_MINIMAX:
    case WG_GAN_NON_SATURATING:
        return wg_add(mean_softplus_of_minus(r), mean_softplus(f));
    case WG_GAN_LEAST_SQUARES:
        return wg_add(half_square(r, 1), half_square(f, 0));
    case WG_GAN_HINGE:
        return wg_add(wg_mean(wg_relu(wg_add_scalar(wg_neg(r), 1))), wg_mean(wg_relu(wg_add_scalar(f, 1))));
    case WG_GAN_RELATIVISTIC:
        return mean_softplus(wg_sub(f, r));
    }
    return NULL;
}

static wg_tensor *generator_loss(const void *arguments)
{
    const struct scores *s = arguments;
    wg_tensor *f = s->fake;
    switch (s->objective) {
    case WG_GAN_WASSERSTEIN:
    case WG_GAN_HINGE:
        return wg_neg(wg_mean(f));
    case WG_GAN_MINIMAX:
        return wg_neg(mean_softplus(f));
    case WG_GAN_NON_SATURATING:
        return mean_softplus_of_minus(f);
    case WG_GAN_LEAST_SQUARES:
        return half_square(f, 1);
    case WG_GAN_RELATIVISTIC:
        return mean_softplus(wg_sub(s->real, f));
    }
    return NULL;
}

/* reads_real: whether the loss needs the scores of real samples. */
static wg_status check(const struct scores *s, bool reads_real, const char *op)
{
    if ((unsigned)s->objective > WG_GAN_RELATIVISTIC)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected an objective of wg_gan_objective, got %d", op, (int)s->objective);
    if (reads_real || s->real != WG_NONE)
        WG_TRY(gan_check_real(s->real, op, "scores of real samples"));
    WG_TRY(gan_check_real(s->fake, op, "scores of generated samples"));
    if (!reads_real)
        return WG_OK;
    return gan_check_alike(s->real, s->fake, s->objective == WG_GAN_RELATIVISTIC, op, "scores");
}

wg_tensor *wg_gan_critic_loss(wg_gan_objective objective, wg_tensor *real_scores, wg_tensor *fake_scores)
{
    const char *op = "gan_critic_loss";
    const struct scores scores = {objective, real_scores, fake_scores};
    return check(&scores, true, op) == WG_OK ? gan_make(critic_loss, &scores, op) : NULL;
}

wg_tensor *wg_gan_generator_loss(wg_gan_objective objective, wg_tensor *real_scores, wg_tensor *fake_scores)
{
    const char *op = "gan_generator_loss";
    const struct scores scores = {objective, real_scores, fake_scores};
    return check(&scores, objective == WG_GAN_RELATIVISTIC, op) == WG_OK ? gan_make(generator_loss, &scores, op) : NULL;
}
