/* A conditional GAN of handwritten digits: a generator G makes images x of noise z and a digit y, a critic D scores how well an image passes
   for that digit, and each learns against the other. With s(t) = ln(1 + eᵗ) they minimise

       critic       E s(D(G(z,y),y) - D(x,y)) + γ/2 E |∇D|², at real and at generated images
       generator    E s(D(x,y) - D(G(z,y),y))

   (Huang, Gokaslan, Kuleshov, Tompkin, 2024). The critic has an output for each digit, of which y's counts (after Miyato, Koyama, 2018).

   usage: gan_digits [--steps N] [--seed N] [--picture FILE.pgm|.png] [--csv FILE] [--resume FILE]

   judge.h measures what comes out. gan_digits_torch.py is the same in PyTorch. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <wengert.h>

#include "judge.h"
#include "options.h"
#include "page.h"

enum { CODE = 32, HIDDEN = 128, BATCH = 64, LAZY = 4, REPORT = 1000, SAMPLES = 5000, ROWS_SHOWN = 10 };
static const double strength = 0.05; /* γ */

enum { CRITIC, GENERATOR, PLAYERS };
struct gan {
    wg_game *game;
    wg_nn_module *net[PLAYERS];
    wg_optim *adam[PLAYERS];
    wg_batches *batches;
    wg_tensor *x, *y; /* the batch of the step: (B,64) and (B) */
    wg_lr *cosine;
    wg_run *run;
};

/* What the generator makes an image of: noise and the digit. */
static wg_tensor *code(wg_tensor *y)
{
    return wg_gan_condition(wg_gan_latent(WG_NONE, wg_extent(y, 0), CODE, 0), y, CLASSES);
}

static wg_tensor *score(wg_game *game, wg_tensor *x, wg_tensor *y)
{
    return wg_sum(wg_mul(wg_game_apply(game, CRITIC, x), wg_one_hot(y, CLASSES, WG_F32)), .axis = 1);
}

/* The slopes are penalised in every LAZY-th step, LAZY times as much. */
static wg_tensor *critic_loss(wg_game *game, void *context)
{
    const struct gan *gan = context;
    wg_tensor *x = gan->x, *fake = wg_sigmoid(wg_game_apply(game, GENERATOR, code(gan->y)));
    const bool penalised = wg_game_count(game) % LAZY == 0;
    if (penalised)
        x = wg_gan_point(x), fake = wg_gan_point(fake);
    wg_tensor *real_score = score(game, x, gan->y), *fake_score = score(game, fake, gan->y);
    wg_tensor *loss = wg_gan_critic_loss(WG_GAN_RELATIVISTIC, real_score, fake_score);
    if (!penalised)
        return loss;
    wg_tensor *slopes = wg_add(wg_gan_r1_penalty(real_score, x), wg_gan_r1_penalty(fake_score, fake));
    return wg_add(loss, wg_mul_scalar(slopes, strength * LAZY));
}

static wg_tensor *generator_loss(wg_game *game, void *context)
{
    const struct gan *gan = context;
    wg_tensor *fake = wg_sigmoid(wg_game_apply(game, GENERATOR, code(gan->y)));
    return wg_gan_generator_loss(WG_GAN_RELATIVISTIC, score(game, gan->x, gan->y), score(game, fake, gan->y));
}

static wg_status play(struct gan *gan, long steps, wg_train_log *log)
{
    clock_t begin = clock();
    while (wg_game_count(gan->game) < steps && !wg_interrupt_pending()) {
        for (int i = 0; i < PLAYERS; i++) /* the rates fall along half a cosine */
            WG_TRY(wg_lr_set(gan->cosine, gan->adam[i], wg_game_count(gan->game)));
        WG_TRY(wg_batches_next(gan->batches, &gan->x, &gan->y));
        if (!gan->x) /* the end of an epoch */
            WG_TRY(wg_batches_next(gan->batches, &gan->x, &gan->y));
        const wg_status status = wg_game_step(gan->game);
        wg_free(gan->x), wg_free(gan->y);
        WG_TRY(status);
        const int64_t done = wg_game_count(gan->game);
        if (done % REPORT == 0 || done == steps) {
            const wg_train_value row[] = {{"critic", wg_game_last_loss(gan->game, CRITIC)},
                                          {"generator", wg_game_last_loss(gan->game, GENERATOR)}};
            const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
            printf("step %5lld  %.2f s  critic %.9g  generator %.9g\n", (long long)done, seconds, row[0].value, row[1].value);
            WG_TRY(log ? wg_train_log_write(log, done, row, 2) : WG_OK);
            begin = clock();
        }
    }
    return WG_OK;
}

/* The players, and the run that is resumed: their networks, optimizers with the average, the position in the data, the steps done. */
static wg_status make_gan(struct gan *gan, const struct part *training, float *distorted, long steps, long seed)
{
    static const char *const name[PLAYERS] = {"critic", "generator"}, *const optim[PLAYERS] = {"critic adam", "generator adam"};
    static wg_game_loss *const loss[PLAYERS] = {critic_loss, generator_loss};
    const wg_activation leaky = WG_ACTIVATION_LEAKY_RELU;
    gan->net[CRITIC] = wg_nn_mlp(WG_SIZES(PIXELS, HIDDEN, HIDDEN, CLASSES), .activation = leaky);
    gan->net[GENERATOR] = wg_nn_mlp(WG_SIZES(CODE + CLASSES, HIDDEN, HIDDEN, PIXELS), .activation = leaky);
    gan->batches = distorted_batches(training, distorted, BATCH, (uint64_t)seed);
    gan->cosine = wg_lr_cosine(.steps = steps);
    gan->game = wg_game_create();
    gan->run = wg_run_create(.generator = false);
    for (int i = 0; i < PLAYERS; i++) {
        gan->adam[i] = wg_optim_adam(wg_nn_parameters(gan->net[i]), .lr = 1e-3, .beta1 = 0, .beta2 = 0.99);
        if (i == GENERATOR)
            WG_TRY(wg_optim_add_stage(gan->adam[i], wg_stage_ema(.decay = 0.999, .warmup = true)));
        WG_TRY(wg_game_add(gan->game, .name = name[i], .net = gan->net[i], .optim = gan->adam[i], .loss = loss[i], .context = gan));
        WG_TRY(wg_run_add(gan->run, name[i], wg_nn_state(gan->net[i])));
        WG_TRY(wg_run_add(gan->run, optim[i], wg_optim_state(gan->adam[i])));
    }
    WG_TRY(wg_run_add(gan->run, "game", wg_game_state(gan->game)));
    WG_TRY(wg_run_add_tensor(gan->run, "noise", wg_generator_default()));
    return wg_run_add_batches(gan->run, "data", gan->batches);
}

/* Digits of the averaged generator, 0 to 9 in turn. */
static struct part make_digits(const struct gan *gan)
{
    int64_t digit[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        digit[i] = i % CLASSES;
    if (wg_optim_exchange(gan->adam[GENERATOR], "average") != WG_OK)
        return (struct part){NULL, NULL};
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *y = wg_from(digit, WG_SHAPE(SAMPLES));
    return (struct part){wg_keep(wg_sigmoid(wg_nn_apply(gan->net[GENERATOR], code(y)))), wg_keep(y)};
}

int main(int argc, char **argv)
{
    const char *picture = NULL, *csv = NULL, *resume = NULL;
    long steps = 20000, seed = 0;
    (void)argc;
    read_options(argv, (const struct option[]){{"--steps", "of training", &steps, NULL},
                                               {"--seed", "of weights, batches and noise", &seed, NULL},
                                               {"--picture", "where a page of generated digits goes", NULL, &picture},
                                               {"--csv", "where the losses go", NULL, &csv},
                                               {"--resume", "where the run is kept, and goes on from", NULL, &resume},
                                               {NULL, NULL, NULL, NULL}});
    float distorted = 0.5f; /* of what digits.h allows */
    struct part part[PARTS] = {0}, made = {0};
    struct gan gan = {0};
    if (check_page(picture) != WG_OK || wg_seed((uint64_t)seed, 0) != WG_OK || wg_interrupt_catch() != WG_OK ||
        read_parts(part, -1) != WG_OK)
        return wg_error_report(stderr);
    wg_train_log *log = csv ? wg_train_log_csv(csv, .resume = resume != NULL) : NULL;
    wg_status status = csv ? wg_error_if_null(log) : WG_OK;
    if (status == WG_OK)
        status = make_gan(&gan, &part[TRAINING], &distorted, steps, seed);
    if (status == WG_OK && resume)
        status = wg_run_load(gan.run, resume, .optional = true);
    if (status == WG_OK)
        status = play(&gan, steps, log);
    if (status == WG_OK && resume)
        status = wg_run_save(gan.run, resume);
    if (status == WG_OK && !wg_interrupt_pending()) {
        made = make_digits(&gan);
        status = picture ? write_page(picture, wg_data(made.x), ROWS_SHOWN, CLASSES, SIDE) : wg_error_if_null(made.x);
        if (status == WG_OK)
            status = judge(&made, part, distorted, (uint64_t)seed);
    }
    wg_train_log_destroy(log), wg_run_destroy(gan.run), wg_game_destroy(gan.game), wg_batches_destroy(gan.batches);
    for (int i = 0; i < PLAYERS; i++)
        wg_optim_destroy(gan.adam[i]), wg_nn_destroy(gan.net[i]);
    for (int i = 0; i < PARTS; i++)
        free_part(&part[i]);
    free_part(&made), wg_lr_destroy(gan.cosine);
    return status == WG_OK ? (wg_interrupt_pending() ? 130 : 0) : wg_error_report(stderr);
}
