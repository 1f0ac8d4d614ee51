/* What is drawn: latents, labels, and noise on samples. */
#include "gan.h"

#include "wengert/error.h"
#include "wengert/ops.h"

/* That there are at least low of what a number counts. */
static wg_status check_count(int64_t n, int64_t low, const char *op, const char *what)
{
    if (n >= low)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s of at least %lld, got %lld", op, what, (long long)low, (long long)n);
}

static wg_status check_dtype(wg_dtype dtype, const char *op)
{
    if (dtype == WG_F32 || dtype == WG_F64)
        return WG_OK;
    return wg_error_set(WG_E_DTYPE, op, "%s: expected a result of dtype f32 or f64, got %s", op, wg_dtype_name(dtype));
}

/* ---- latents ---- */

struct latent {
    wg_tensor *generator;
    int64_t n, normal, bits;
    wg_dtype dtype;
};

static wg_tensor *draw_latent(const void *arguments)
{
    const struct latent *l = arguments;
    wg_tensor *normal = wg_normal(l->generator, l->dtype, WG_SHAPE(l->n, l->normal), 0, 1);
    if (!normal || l->bits == 0)
        return normal;
    wg_tensor *bits = wg_bernoulli(l->generator, l->dtype, WG_SHAPE(l->n, l->bits), 0.5);
    wg_tensor *part[] = {normal, wg_add_scalar(wg_mul_scalar(bits, 2), -1)};
    return wg_concat(part, 2, 1);
}

wg_tensor *wg_gan_latent_with(wg_tensor *generator, int64_t n, int64_t normal, int64_t bits, wg_gan_latent_options options)
{
    const char *op = "gan_latent";
    struct latent latent = {NULL, n, normal, bits, options.dtype};
    if (check_count(n, 0, op, "a number of samples") != WG_OK ||
        check_count(normal, 0, op, "a number of normal coordinates") != WG_OK ||
        check_count(bits, 0, op, "a number of bits") != WG_OK || check_dtype(options.dtype, op) != WG_OK)
        return NULL;
    latent.generator = gan_generator(generator);
    return gan_make(draw_latent, &latent, op);
}

static wg_tensor *draw_labels(const void *arguments)
{
    const struct latent *l = arguments;
    return wg_cast(wg_mul_scalar(wg_uniform(l->generator, WG_F64, WG_SHAPE(l->n), 0, 1), (double)l->normal), WG_I64);
}

wg_tensor *wg_gan_labels(wg_tensor *generator, int64_t n, int64_t classes)
{
    const char *op = "gan_labels";
    struct latent labels = {.n = n, .normal = classes};
    if (check_count(n, 0, op, "a number of samples") != WG_OK || check_count(classes, 1, op, "a number of classes") != WG_OK)
        return NULL;
    labels.generator = gan_generator(generator);
    return gan_make(draw_labels, &labels, op);
}

/* ---- noise ---- */

struct noise {
    wg_tensor *x, *generator, *factor;
    double sigma;
};

static wg_tensor *add_noise(const void *arguments)
{
    const struct noise *n = arguments;
    wg_tensor *noise = wg_normal(n->generator, wg_dtype_of(n->x), wg_shape_of(n->x), 0, n->sigma);
    return wg_add(n->x, n->factor == WG_NONE ? noise : wg_mul(noise, n->factor));
}

wg_tensor *wg_gan_noise_with(wg_tensor *x, double sigma, wg_gan_noise_options options)
{
    const char *op = "gan_noise";
    struct noise noise = {x, NULL, options.factor, sigma};
    if (gan_check_real(x, op, "samples") != WG_OK || gan_check_number(sigma, 0, op, "sigma") != WG_OK)
        return NULL;
    if (options.factor != WG_NONE) {
        if (gan_check_real(options.factor, op, ".factor") != WG_OK ||
            gan_check_alike(x, options.factor, false, op, "samples and .factor") != WG_OK)
            return NULL;
        if (wg_rank(options.factor) > 0) {
            char text[100];
            (void)wg_error_set(WG_E_SHAPE, op, "%s: expected .factor of rank 0, got %s", op,
                               wg_shape_text(wg_shape_of(options.factor), text, sizeof text));
            return NULL;
        }
    }
    noise.generator = gan_generator(options.generator);
    return gan_make(add_noise, &noise, op);
}
