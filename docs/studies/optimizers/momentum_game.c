/* Where momentum does harm. It helps almost always, but not where two players learn against each other, as in a GAN. In min over
   x, max over y of xy the gradients of the players' losses are (y, -x): they turn around the solution 0, and what momentum keeps
   of the past leads outwards. Alternating steps without momentum circle at a bounded distance; every μ > 0 makes it grow (Gidel
   et al., 2019). On a bowl, f = ½(x₁² + 100 x₂²), momentum helps.

   The remark is that of F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>

enum { MOMENTA = 4, STEPS = 200 };

static const double momentum[MOMENTA] = {0, 0.3, 0.6, 0.8};

static wg_tensor *of(wg_game *game, size_t player)
{
    return wg_game_params(game, player).tensor[0];
}

static wg_tensor *product(wg_game *game, void *context)
{
    (void)context;
    return wg_mul(of(game, 0), of(game, 1));
}

static wg_tensor *minus_product(wg_game *game, void *context)
{
    return wg_neg(product(game, context));
}

/* The distance from the solution after the steps, from (1, 0); NaN on failure. */
static double play(struct study_run *run, double mu, double rate)
{
    static wg_game_loss *const loss[] = {product, minus_product};
    wg_tensor *z[2] = {wg_scalar(WG_F64, 1), wg_scalar(WG_F64, 0)};
    wg_optim *optim[2] = {NULL};
    wg_game *game = wg_game_create(.rule = WG_GAME_ALTERNATING);
    bool good = game != NULL;
    for (int i = 0; i < 2 && good; i++) {
        optim[i] = wg_optim_sgd(((wg_tensor_list){wg_set_requires_grad(z[i], true) != NULL, &z[i], NULL}), .lr = rate,
                                .momentum = mu);
        good = optim[i] && wg_game_add(game, .name = i ? "maximizes" : "minimizes", .optim = optim[i], .loss = loss[i]) == WG_OK;
    }
    for (int t = 0; t <= STEPS && good; t++)
        good = study_row(run, "game,%g,%d,%.6g", mu, t, hypot(wg_item(z[0]), wg_item(z[1]))) &&
               (t == STEPS || wg_game_step(game) == WG_OK);
    const double distance = hypot(wg_item(z[0]), wg_item(z[1]));
    wg_game_destroy(game);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(optim[i]), wg_free(z[i]);
    return good ? distance : (double)NAN;
}

/* The same on the bowl, with one player. */
static double descend(struct study_run *run, double mu, double rate)
{
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(2)), true);
    wg_optim *sgd = x ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = rate, .momentum = mu) : NULL;
    const double *at = wg_data(x);
    bool good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *f = wg_sum(wg_mul(wg_from(((double[]){0.5, 50}), WG_SHAPE(2)), wg_square(x)));
        good = study_row(run, "bowl,%g,%d,%.6g", mu, t, hypot(at[0], at[1])) &&
               (t == STEPS || (wg_backward(f) == WG_OK && wg_optim_step(sgd) == WG_OK));
    }
    const double distance = hypot(at[0], at[1]);
    wg_optim_destroy(sgd);
    wg_free(x);
    return good ? distance : (double)NAN;
}

/* Control: the bowl in place of the game. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double game[MOMENTA], bowl[MOMENTA];
    bool good = study_row(run, "problem,momentum,step,distance"), rises = true, falls = true;
    for (int i = 0; i < MOMENTA && good; i++) {
        game[i] = run->control ? descend(run, momentum[i], 0.015) : play(run, momentum[i], 0.2);
        bowl[i] = descend(run, momentum[i], 0.015);
        good = !isnan(game[i] + bowl[i]);
        rises = rises && (i == 0 || game[i] > game[i - 1]);
        falls = falls && (i == 0 || bowl[i] < bowl[i - 1]);
    }
    if (!good)
        return false;
    study_claim(run, falls, "on a bowl with eigenvalues 1 and 100 the distance falls with the momentum: %.2g, %.2g, %.2g, %.2g",
                bowl[0], bowl[1], bowl[2], bowl[3]);
    study_decide(
        run, rises && game[0] < 1.5 && game[1] > 10,
        "in the game min max xy, after %d alternating steps from distance 1, the players are at %.3g without momentum, below "
        "1.5, and at %.2g, %.2g, %.2g with 0.3, 0.6, 0.8: above 10, and rising",
        STEPS, game[0], game[1], game[2], game[3]);
    return true;
}

const struct study study_momentum_game = {.name = "momentum_game", .control = "a bowl in place of the game", .run = run};
