/* A variational autoencoder of handwritten digits: an encoder gives the mean and the variance of each image's code, a decoder makes
   an image of a code that is drawn with these, and both raise a lower bound of log p(x), the ELBO (Kingma, Welling, 2014):

       E log p(x|z) - KL(q(z|x) || p(z)),   q(z|x) = N(mean, variance), p(z) = N(0, 1)

   usage: vae [--epochs N] [--seed N] [--picture FILE.pgm|.png]

   It prints the ELBO of an image, in nats, on training images and on those held out; the picture shows images of codes drawn from
   p(z).
   vae_torch.py is the same in PyTorch. */
#include <math.h>
#include <stdint.h>

#include <wengert.h>

#include "options.h"
#include "page.h"

enum { ROWS = 1797, TRAIN = 1500, SIDE = 8, PIXELS = SIDE * SIDE, CODE = 8, HIDDEN = 128, BATCH = 32 };
enum { GRID = 10 };

struct vae {
    wg_nn_module *encoder, *decoder;
};

/* The mean ELBO of the images x (B,64), with one code for each. */
static wg_tensor *elbo(const struct vae *vae, wg_tensor *x)
{
    wg_tensor *half[2];
    if (wg_chunk(wg_nn_apply(vae->encoder, x), 1, 2, half, NULL) != WG_OK)
        return NULL;
    wg_tensor *mean = half[0], *log_variance = half[1];
    wg_tensor *noise = wg_normal(wg_generator_default(), WG_F32, wg_shape_of(mean), 0, 1);
    wg_tensor *code = wg_add(mean, wg_mul(wg_exp(wg_mul_scalar(log_variance, 0.5)), noise));
    wg_tensor *misfit = wg_bce_with_logits(wg_nn_apply(vae->decoder, code), x, .reduction = WG_REDUCTION_SUM);
    wg_tensor *kl = wg_sub(wg_add(wg_exp(log_variance), wg_square(mean)), wg_add_scalar(log_variance, 1));
    return wg_mul_scalar(wg_add(misfit, wg_mul_scalar(wg_sum(kl), 0.5)), -1.0 / (double)wg_extent(x, 0));
}

static double held_out_elbo(const struct vae *vae, wg_tensor *x)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(elbo(vae, x));
}

/* One epoch; the mean of its batches' ELBO goes to *mean. */
static wg_status train_epoch(const struct vae *vae, wg_optim *adam, wg_batches *batches, double *mean)
{
    double sum = 0;
    for (;;) {
        WG_TAPE(tape);
        wg_tensor *x;
        WG_TRY(wg_batches_next(batches, &x, NULL));
        if (!x)
            break;
        wg_tensor *bound = elbo(vae, x);
        sum += wg_item(bound);
        WG_TRY(wg_backward(wg_neg(bound)));
        WG_TRY(wg_optim_step(adam));
    }
    *mean = sum / (double)wg_batches_per_epoch(batches);
    return WG_OK;
}

static wg_status draw(const struct vae *vae, const char *path)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *code = wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(GRID * GRID, CODE), 0, 1);
    wg_tensor *images = wg_sigmoid(wg_nn_apply(vae->decoder, code));
    return write_page(path, wg_data(images), GRID, GRID, SIDE);
}

static wg_status train(const struct vae *vae, wg_optim *adam, long epochs)
{
    wg_tensor *x = NULL, *labels = NULL;
    WG_TRY(wg_dataset_digits(&x, &labels, .flat = true));
    wg_tensor *seen = wg_slice(x, 0, 0, TRAIN, 1), *held = wg_slice(x, 0, TRAIN, ROWS, 1);
    wg_batches *batches = wg_batches_create(seen, WG_NONE, .size = BATCH, .drop_last = true);
    wg_status status = wg_error_if_null(batches);
    for (long epoch = 1; epoch <= epochs && status == WG_OK; epoch++) {
        double mean = 0;
        status = train_epoch(vae, adam, batches, &mean);
        if (status == WG_OK)
            printf("epoch %3ld  ELBO %.4f  held out %.9g\n", epoch, mean, held_out_elbo(vae, held));
    }
    wg_batches_destroy(batches), wg_free(labels), wg_free(x), wg_free(seen), wg_free(held);
    return status;
}

int main(int argc, char **argv)
{
    const char *picture = NULL;
    long epochs = 100, seed = 0;
    (void)argc;
    read_options(argv, (const struct option[]){{"--epochs", "of training", &epochs, NULL},
                                               {"--seed", "of weights, batches and codes", &seed, NULL},

                                               {"--picture", "where images go that it makes up", NULL, &picture},
                                               {NULL, NULL, NULL, NULL}});
    if (check_page(picture) != WG_OK || wg_seed((uint64_t)seed, 0) != WG_OK)
        return wg_error_report(stderr);
    const struct vae vae = {wg_nn_mlp(WG_SIZES(PIXELS, HIDDEN, 2 * CODE)), wg_nn_mlp(WG_SIZES(CODE, HIDDEN, PIXELS))};
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(vae.encoder), .lr = 1e-3);
    wg_status status = wg_optim_add_group(adam, wg_nn_parameters(vae.decoder));
    if (status == WG_OK)
        status = train(&vae, adam, epochs);
    if (status == WG_OK && picture)
        status = draw(&vae, picture);
    wg_optim_destroy(adam), wg_nn_destroy(vae.encoder), wg_nn_destroy(vae.decoder);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
