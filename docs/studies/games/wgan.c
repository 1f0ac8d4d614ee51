/* The Wasserstein GAN: min over g, max over f of E f(y) - E f(g(z)), f of slope 1 at most. By Kantorovich and Rubinstein the inner maximum is the Wasserstein distance W
   of data and samples; so the generator descends a distance, which has a gradient also where the two do not overlap. The critic f is a
   network; a penalty, λ max(0, slope - 1)², holds its slope. Here there are 128 fixed points y, 128 fixed z, and g(z) = Az + b, so that W itself is
   known at each step by an exact solver.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Arjovsky, Chintala, Bottou: Wasserstein GAN, 2017; Gulrajani and
   others, 2017. */
#include "../study.h"

#include <math.h>

enum { POINTS = 128, STEPS = 150, CRITIC_STEPS = 5, EVERY = 5 };

struct players {
    wg_nn_module *g, *f;
    wg_optim *g_optim, *f_optim;
    wg_tensor *y, *z, *draws;
};

static bool make(struct players *p, uint64_t seed)
{
    *p = (struct players){.g = wg_nn_linear(2, 2),
                          .draws = wg_generator(seed, 0),
                          .f = wg_nn_mlp(WG_SIZES(2, 64, 64, 1), .seed = seed, .activation = WG_ACTIVATION_LEAKY_RELU)};
    if (!p->g || !p->f || !p->draws || wg_write(wg_nn_parameter(p->g, "weight"), ((float[]){1, 0, 0, 1})) != WG_OK ||
        wg_write(wg_nn_parameter(p->g, "bias"), ((float[]){0, 0})) != WG_OK)
        return false;
    p->g_optim = wg_optim_adam(wg_nn_parameters(p->g), .lr = 0.05, .beta1 = 0.5);
    p->f_optim = wg_optim_adam(wg_nn_parameters(p->f), .lr = 0.003, .beta1 = 0.5);
    p->z = wg_normal(p->draws, WG_F32, WG_SHAPE(POINTS, 2), 0, 1);
    WG_TAPE(tape); /* the data: a narrow, turned Gaussian about (3, 2) */
    const float stretch[] = {0.3f, 0.3f, -0.8f, 0.8f}, centre[] = {3, 2};
    wg_tensor *normal = wg_normal(p->draws, WG_F32, WG_SHAPE(POINTS, 2), 0, 1);
    p->y = wg_keep(wg_add(wg_matmul(normal, wg_from(stretch, WG_SHAPE(2, 2))), wg_from(centre, WG_SHAPE(2))));
    return p->g_optim && p->f_optim && p->z && p->y;
}

static void end(struct players *p)
{
    wg_optim_destroy(p->g_optim);
    wg_optim_destroy(p->f_optim);
    wg_nn_destroy(p->g);
    wg_nn_destroy(p->f);
    wg_free(p->y);
    wg_free(p->z);
    wg_free(p->draws);
}

/* Control: nothing holds the slope. */
static bool critic_step(const struct study_run *run, const struct players *p)
{
    WG_TAPE(tape);
    wg_tensor *fake = wg_detach(wg_nn_apply(p->g, p->z)), *mixed = wg_gan_mix(p->y, fake, .generator = p->draws);
    wg_tensor *loss = wg_gan_critic_loss(WG_GAN_WASSERSTEIN, wg_nn_apply(p->f, p->y), wg_nn_apply(p->f, fake));
    if (!run->control)
        loss = wg_add(loss, wg_mul_scalar(wg_gan_slope_penalty(wg_nn_apply(p->f, mixed), mixed, .one_sided = true), 30));
    return wg_backward(loss) == WG_OK && wg_optim_step(p->f_optim) == WG_OK;
}

static bool generator_step(const struct players *p)
{
    WG_TAPE(tape);
    wg_tensor *loss = wg_gan_generator_loss(WG_GAN_WASSERSTEIN, WG_NONE, wg_nn_apply(p->f, wg_nn_apply(p->g, p->z)));
    const bool good = wg_backward(loss) == WG_OK && wg_optim_step(p->g_optim) == WG_OK;
    const wg_tensor_list f = wg_nn_parameters(p->f);
    for (size_t i = 0; i < f.n; i++)
        wg_clear_gradient(f.tensor[i]);
    return good;
}

/* *w: the distance of data and samples. *value: what the critic makes of it, E f(y) - E f(g(z)). */
static bool measure(const struct players *p, double *w, double *value)
{
    WG_TAPE(tape);
    wg_tensor *fake = wg_nn_apply(p->g, p->z);
    *w = wg_item(wg_transport_exact(p->y, fake));
    *value = wg_item(wg_sub(wg_mean(wg_nn_apply(p->f, p->y)), wg_mean(wg_nn_apply(p->f, fake))));
    return !isnan(*w) && !isnan(*value);
}

/* The points before or after, for the picture. */
static bool write_points(struct study_run *run, const struct players *p, const char *part)
{
    WG_TAPE(tape);
    const float *y = wg_data_as(p->y, float), *x = wg_data_as(wg_nn_apply(p->g, p->z), float);
    bool good = x && y && study_table(run, part, "y1,y2,x1,x2");
    for (int i = 0; i < POINTS && good; i++)
        good = study_row(run, "%.3f,%.3f,%.3f,%.3f", (double)y[2 * i], (double)y[2 * i + 1], (double)x[2 * i],
                         (double)x[2 * i + 1]);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct players p;
    double w[STEPS / EVERY + 1], value[STEPS / EVERY + 1], off = 0;
    bool good = wg_seed(run->seed, 0) == WG_OK && make(&p, run->seed) && write_points(run, &p, "before");
    good = good && study_table(run, "wgan", "step,w,critic");
    for (int i = 0; i < 20 * CRITIC_STEPS && good; i++) /* the critic first */
        good = critic_step(run, &p);
    for (int step = 0; step <= STEPS && good; step++) {
        const int at = step / EVERY;
        if (step % EVERY == 0) {
            good = measure(&p, &w[at], &value[at]) && study_row(run, "%d,%.6g,%.6g", step, w[at], value[at]);
            off = fmax(off, fabs(value[at] - w[at]) / w[0]);
        }
        for (int i = 0; i < CRITIC_STEPS && good; i++)
            good = critic_step(run, &p);
        good = good && generator_step(&p);
    }
    good = good && write_points(run, &p, "after");
    end(&p);
    if (good)
        study_decide(
            run, off <= 0.3 && w[STEPS / EVERY] < 0.15 * w[0],
            "a Wasserstein GAN in the plane: the distance of samples and data, solved exactly, falls from %.2f to %.2f, below 15 %%; on the way the critic's value differs from it "
            "by at most %.2g of the first, 0.3 allowed",
            w[0], w[STEPS / EVERY], off);
    return good;
}

const struct study study_wgan = {.name = "wgan", .control = "a critic whose slope nothing holds", .run = run};
