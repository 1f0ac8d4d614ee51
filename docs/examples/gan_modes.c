/* A GAN learns mixtures of Gaussians in the plane, a ring of 8 and a grid of 25, and is measured by the protocol of the literature.

   usage: gan_modes [--recipe NAME] [--steps N] [--seed N] [--samples FILE.csv] [--picture FILE.svg] [--film FILE.svg]
                    [--csv FILE] [--tensorboard FOLDER] [--resume FILE]

   It prints modes, the share of samples of high quality, the reverse divergence and the ratio of deviations of 2,500 samples of the averaged
   generator; on a terminal a bar shows how far it is. The recipes are the table below; docs/guide/gan.md explains them. A run that is stopped by Ctrl-C goes on with --resume. */
#include <math.h>
#include <stdint.h>

#include <wengert.h>

#include "bar.h"
#include "options.h"
#include "scatter.h"

enum { CRITIC, GENERATOR, HIDDEN = 64, REGULARISED = 4, SAMPLES = 2500, FRAMES = 6 };

/* bits: coordinates of the latent that are -1 or 1, beside two that are N(0, 1). frequencies: of the critic's Fourier features. noise: the deviation of the
   instance noise, which stays until the share flat of the run and is gone at the share end. penalty: R1 and R2 at every REGULARISED-th step, fading with the
   noise. critic_rate: over the generator's. steady: constant rates, no average. uneven: the first half of the modes have 0.05 of the weight of the others.
   Coordinates are divided by the largest, so that ring and grid are of one size. */
static const struct recipe {
    const char *name;
    bool grid, steady, uneven;
    wg_gan_objective objective;
    int bits, frequencies;
    double noise, flat, end, penalty, critic_rate;
    long steps, batch;
} recipes[] = {
    {"ring", false, false, false, WG_GAN_NON_SATURATING, 8, 7, 0.3, 0, 0.87, 0, 2, 8000, 256},
    {"grid", true, false, false, WG_GAN_RELATIVISTIC, 10, 8, 0.2, 0.55, 0.95, 0.002, 2, 40000, 512},
    {"ring-uneven", false, false, true, WG_GAN_NON_SATURATING, 8, 7, 0.3, 0.4, 0.82, 0, 2, 8000, 1024},
    {"grid-uneven", true, false, true, WG_GAN_RELATIVISTIC, 10, 8, 0.2, 0.55, 0.95, 0.002, 2, 40000, 512},
    {"ring-plain", false, false, false, WG_GAN_RELATIVISTIC, 0, 7, 0.3, 0, 0.87, 0.003, 2, 40000, 256},
    {"ring-saturating", false, true, false, WG_GAN_MINIMAX, 8, 7, 0, 0, 1, 0, 1, 5000, 256},
    {"ring-quiet", false, false, false, WG_GAN_NON_SATURATING, 8, 7, 0, 0, 1, 0, 2, 8000, 256},
    {"ring-narrow", false, false, false, WG_GAN_NON_SATURATING, 8, 7, 0.3, 0, 0.5, 0, 1, 8000, 256},
};

static const double RATE = 1e-3;

struct gan {
    struct recipe r;
    wg_tensor *centres, *weights, *generator; /* of the target, at its own size; the generator of all draws */
    double extent, sigma;
    wg_nn_module *net[2];
    wg_optim *optim[2];
    wg_game *game;
    wg_lr *cosine; /* of the rates; NULL: they are constant */
    wg_run *run;
};

static wg_tensor *latent(const struct gan *g, int64_t n)
{
    return wg_gan_latent(g->generator, n, 2, g->r.bits);
}

static wg_tensor *real_samples(const struct gan *g)
{
    wg_tensor *x = wg_gan_mixture(g->generator, g->r.batch, g->centres, g->sigma, .weights = g->weights);
    return wg_mul_scalar(x, 1 / g->extent);
}

/* From 1 down to 0. */
static double fading(const struct gan *g)
{
    const double now = (double)wg_game_count(g->game) / (double)g->r.steps;
    return fmin(1, fmax(0, (g->r.end - now) / (g->r.end - g->r.flat)));
}

static wg_tensor *noisy(const struct gan *g, wg_tensor *x)
{
    const double sigma = g->r.noise * fading(g);
    return sigma > 0 ? wg_gan_noise(x, sigma, .generator = g->generator) : x;
}

static wg_tensor *critic_loss(wg_game *game, void *context)
{
    const struct gan *g = context;
    const double penalty = g->r.penalty * fading(g);
    const bool regularised = penalty > 0 && wg_game_count(game) % REGULARISED == 0;
    wg_tensor *real = noisy(g, real_samples(g)), *fake = noisy(g, wg_game_apply(game, GENERATOR, latent(g, g->r.batch)));
    if (regularised)
        real = wg_gan_point(real), fake = wg_gan_point(fake);
    wg_tensor *real_scores = wg_game_apply(game, CRITIC, real), *fake_scores = wg_game_apply(game, CRITIC, fake);
    wg_tensor *loss = wg_gan_critic_loss(g->r.objective, real_scores, fake_scores);
    if (!regularised)
        return loss;
    wg_tensor *slopes = wg_add(wg_gan_r1_penalty(real_scores, real), wg_gan_r1_penalty(fake_scores, fake));
    return wg_add(loss, wg_mul_scalar(slopes, REGULARISED * penalty));
}

static wg_tensor *generator_loss(wg_game *game, void *context)
{
    const struct gan *g = context;
    wg_tensor *fake = wg_game_apply(game, CRITIC, noisy(g, wg_game_apply(game, GENERATOR, latent(g, g->r.batch))));
    wg_tensor *real = g->r.objective == WG_GAN_RELATIVISTIC ? wg_game_apply(game, CRITIC, noisy(g, real_samples(g))) : WG_NONE;
    return wg_gan_generator_loss(g->r.objective, real, fake);
}

/* ---- measuring ---- */

/* Samples, f32 (n, 2), of the averaged generator, at the target's size. Their draws are their own, so training does not depend on them. */
static wg_tensor *samples_of(struct gan *g, int64_t n)
{
    const bool averaged = !g->r.steady && wg_game_count(g->game) > 0;
    if (averaged && wg_optim_exchange(g->optim[GENERATOR], "average") != WG_OK)
        return NULL;
    wg_tensor *draws = wg_generator(1, 0), *z = wg_gan_latent(draws, n, 2, g->r.bits);
    wg_tensor *y = wg_nn_apply(g->net[GENERATOR], z), *x = y ? wg_mul_scalar(y, g->extent) : NULL;
    wg_free(draws), wg_free(z), wg_free(y);
    return !averaged || wg_optim_exchange(g->optim[GENERATOR], "average") == WG_OK ? x : NULL;
}

/* Uneven mixtures are measured by a protocol of their own: 10,000 samples, of which a mode counts from 50. */
static wg_tensor *samples_to_measure(struct gan *g)
{
    return samples_of(g, g->r.uneven ? 4 * SAMPLES : SAMPLES);
}

static wg_status measure(const struct gan *g, wg_tensor *x, wg_gan_modes_result *m)
{
    return wg_gan_modes(x, g->centres, g->sigma, m, .weights = g->weights, .count_from = g->r.uneven ? 50 : 1);
}

static wg_status write_samples(struct gan *g, const char *path)
{
    wg_tensor *x = samples_to_measure(g);
    const float *xy = wg_data(x);
    FILE *file = xy ? fopen(path, "w") : NULL;
    bool written = file && fprintf(file, "x,y\n") > 0;
    for (int64_t i = 0; written && i < wg_extent(x, 0); i++)
        written = fprintf(file, "%.9g,%.9g\n", (double)xy[2 * i], (double)xy[2 * i + 1]) > 0;
    wg_free(x);
    if (file && fclose(file) == 0 && written)
        return WG_OK;
    return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_IO, "gan_modes", "gan_modes: cannot write %s", path);
}

/* ---- training ---- */

/* Files that are asked for; NULL: not. */
struct outputs {
    const char *samples, *picture, *film, *csv, *tensorboard, *resume;
};

/* Three hidden layers, behind the sines and cosines of what goes in. */
static wg_nn_module *network(int64_t in, int64_t frequencies, int64_t out)
{
    const double slope = 0.2;
    return wg_nn_sequential(frequencies > 0 ? wg_nn_fourier_features(frequencies) : wg_nn_identity(),
                            wg_nn_linear(in * (1 + 2 * frequencies), HIDDEN), wg_nn_leaky_relu(.slope = slope),
                            wg_nn_linear(HIDDEN, HIDDEN), wg_nn_leaky_relu(.slope = slope), wg_nn_linear(HIDDEN, HIDDEN),
                            wg_nn_leaky_relu(.slope = slope), wg_nn_linear(HIDDEN, out));
}

static wg_status make(struct gan *g)
{
    static const char *const name[] = {"critic", "generator"}, *const optim[] = {"critic adam", "generator adam"};
    const struct recipe *r = &g->r;
    g->extent = r->grid ? 4 : 1;
    g->sigma = r->grid ? 0.05 : 0.01;
    g->centres = r->grid ? wg_gan_grid_centres(5, g->extent) : wg_gan_ring_centres(8, g->extent);
    const int64_t modes = g->centres ? wg_extent(g->centres, 0) : 0;
    double weight[25];
    for (int64_t k = 0; k < modes; k++)
        weight[k] = r->uneven && k < modes / 2 ? 0.05 : 1;
    g->weights = wg_from(weight, WG_SHAPE(modes));
    g->generator = wg_generator_split(wg_generator_default(), 1);
    g->net[CRITIC] = network(2, r->frequencies, 1);
    g->net[GENERATOR] = network(2 + r->bits, 0, 2);
    g->cosine = r->steady ? NULL : wg_lr_cosine(.steps = r->steps);
    g->game = wg_game_create();
    g->run = wg_run_create(.generator = false);
    for (int i = 0; i < 2; i++) {
        g->optim[i] = wg_optim_adam(wg_nn_parameters(g->net[i]), .lr = i == CRITIC ? RATE * r->critic_rate : RATE, .beta1 = 0.5,
                                    .beta2 = 0.99);
        if (i == GENERATOR && !r->steady)
            WG_TRY(wg_optim_add_stage(g->optim[i], wg_stage_ema(.decay = 0.999, .warmup = true)));
        WG_TRY(wg_game_add(g->game, .name = name[i], .net = g->net[i], .optim = g->optim[i],
                           .loss = i ? generator_loss : critic_loss, .context = g));
        WG_TRY(wg_run_add(g->run, name[i], wg_nn_state(g->net[i])));
        WG_TRY(wg_run_add(g->run, optim[i], wg_optim_state(g->optim[i])));
    }
    WG_TRY(wg_run_add(g->run, "game", wg_game_state(g->game)));
    return wg_run_add_tensor(g->run, "draws", g->generator);
}

/* A row of each log, a line of text, and a frame of each picture. */
static wg_status report(struct gan *g, wg_train_log *const *log, struct scatter *strip, struct scatter *film)
{
    char title[64];
    const long long step = wg_game_count(g->game);
    wg_gan_modes_result m;
    wg_tensor *x = samples_to_measure(g);
    WG_TRY(wg_error_if_null(x));
    const wg_status measured = measure(g, x, &m);
    snprintf(title, sizeof title, "step %lld", step);
    if (measured == WG_OK)
        scatter_panel(strip, title, x, g->centres), scatter_panel(film, title, x, g->centres);
    wg_free(x);
    WG_TRY(measured);
    bar_clear(stderr);
    printf("step %6lld  modes %2lld  high quality %5.1f %%  reverse KL %.4f  deviation ratio %.3f\n", step, (long long)m.modes,
           100 * m.high_quality, m.reverse_kl, m.std_ratio);
    const wg_train_value row[] = {{"modes", (double)m.modes},
                                  {"high_quality", m.high_quality},
                                  {"reverse_kl", m.reverse_kl},
                                  {"std_ratio", m.std_ratio},
                                  {"critic_loss", wg_game_last_loss(g->game, CRITIC)},
                                  {"generator_loss", wg_game_last_loss(g->game, GENERATOR)}};
    for (int i = 0; i < 2; i++)
        WG_TRY(log[i] ? wg_train_log_write(log[i], step, row, sizeof row / sizeof *row) : WG_OK);
    return WG_OK;
}

static wg_status train(struct gan *g, const struct outputs *out)
{
    wg_status status = out->resume ? wg_run_load(g->run, out->resume, .optional = true) : WG_OK;
    wg_train_log *log[2] = {out->csv && status == WG_OK ? wg_train_log_csv(out->csv, .resume = out->resume != NULL) : NULL,
                            out->tensorboard && status == WG_OK ? wg_train_log_tensorboard(out->tensorboard) : NULL};
    struct scatter strip = scatter_begin(out->picture, 1.4 * g->extent, FRAMES, false),
                   film = scatter_begin(out->film, 1.4 * g->extent, FRAMES, true);
    if (status == WG_OK && ((out->csv && !log[0]) || (out->tensorboard && !log[1])))
        status = wg_error_first()->code;
    while (status == WG_OK && wg_game_count(g->game) < g->r.steps && !wg_interrupt_pending()) {
        for (int i = 0; i < 2 && g->cosine && status == WG_OK; i++)
            status = wg_lr_set(g->cosine, g->optim[i], wg_game_count(g->game));
        status = status == WG_OK ? wg_game_step(g->game) : status;
        const int64_t done = wg_game_count(g->game);
        if (status == WG_OK)
            bar_show(stderr, done, g->r.steps);
        if (status == WG_OK && done * FRAMES / g->r.steps != (done - 1) * FRAMES / g->r.steps)
            status = report(g, log, &strip, &film);
    }
    bar_clear(stderr);
    if (status == WG_OK && out->resume)
        status = wg_run_save(g->run, out->resume);
    const wg_status drawn = scatter_end(&strip, out->picture), filmed = scatter_end(&film, out->film);
    wg_train_log_destroy(log[0]), wg_train_log_destroy(log[1]);
    return status != WG_OK ? status : drawn != WG_OK ? drawn : filmed;
}

int main(int argc, char **argv)
{
    const char *name = "ring";
    long seed = 0, steps = 0;
    struct outputs out = {NULL};
    struct gan g = {.extent = 1};
    (void)argc;
    read_options(
        argv,
        (const struct option[]){
            {"--recipe", "ring, grid, ring-uneven, grid-uneven, ring-plain, ring-saturating, ring-quiet, ring-narrow", NULL, &name},
            {"--steps", "of training; 0: the recipe's", &steps, NULL},
            {"--seed", "of weights and draws", &seed, NULL},
            {"--samples", "CSV file for the samples", NULL, &out.samples},
            {"--picture", "SVG file for samples over time, side by side", NULL, &out.picture},
            {"--film", "SVG file for the same, one after another", NULL, &out.film},
            {"--csv", "where the measures go", NULL, &out.csv},
            {"--tensorboard", "folder for the same, as TensorBoard reads them", NULL, &out.tensorboard},
            {"--resume", "where the run is kept, and goes on from", NULL, &out.resume},
            {NULL, NULL, NULL, NULL}});
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (strcmp(recipes[i].name, name) == 0)
            g.r = recipes[i];
    if (!g.r.name) {
        fprintf(stderr, "gan_modes: there is no recipe %s\n", name);
        return 2;
    }
    g.r.steps = steps > 0 ? steps : g.r.steps;
    wg_status status = wg_seed((uint64_t)seed, 0);
    status = status == WG_OK ? wg_interrupt_catch() : status;
    status = status == WG_OK ? make(&g) : status;
    status = status == WG_OK ? train(&g, &out) : status;
    if (status == WG_OK && out.samples && !wg_interrupt_pending())
        status = write_samples(&g, out.samples);
    wg_game_destroy(g.game), wg_run_destroy(g.run), wg_lr_destroy(g.cosine);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(g.optim[i]), wg_nn_destroy(g.net[i]);
    wg_free(g.centres), wg_free(g.weights), wg_free(g.generator);
    return status == WG_OK ? (wg_interrupt_pending() ? 130 : 0) : wg_error_report(stderr);
}
