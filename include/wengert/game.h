/* Games: several players, each with a loss of its own that depends on the parameters of all, as generator and critic of a GAN, and
   the rules by which they learn.

       static wg_tensor *critic_loss(wg_game *game, void *context) …       what the critic minimises
       static wg_tensor *generator_loss(wg_game *game, void *context)
       {
           struct gan *gan = context;
           wg_tensor *fake = wg_game_apply(game, GENERATOR, latent(gan));
           return wg_neg(wg_mean(wg_game_apply(game, CRITIC, fake)));
       }
       …
       wg_game *game = wg_game_create();
       WG_TRY(wg_game_add(game, .name = "critic", .net = critic, .optim = critic_optim, .loss = critic_loss, .context = &gan, .steps = 5));
       WG_TRY(wg_game_add(game, .name = "generator", .net = generator, .optim = generator_optim, .loss = generator_loss, .context = &gan));
       for (int64_t step = 0; step < steps; step++)
           WG_TRY(wg_game_step(game));

   Each player has its optimizer, and with it its parameters, its rate and its stages: two rates are two optimizers, the average of a
   player is wg_stage_ema with wg_optim_exchange, the optimistic rule is wg_optim_optimistic_sgd or wg_optim_optimistic_adam under
   WG_GAME_SIMULTANEOUS. A minimax problem min_x max_y f is the game of the losses f and -f. Players are numbered as they are added. */
#ifndef WENGERT_GAME_H
#define WENGERT_GAME_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_game_create(): before C23 a macro's "..." takes an argument */
#endif

#include "nn.h"
#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_game wg_game;

/* How a step of the game goes. z are the parameters of all players, η their steps, v(z) the gradients of their losses, each for its
   own parameters.

   ALTERNATING: one player after another, each against the others as they are by then, and each so many times as its .steps say.
   SIMULTANEOUS: all gradients at one point, then all steps: z ← z - η v(z). From here on .steps is 1.
   EXTRAGRADIENT: a step ahead to z' = z - η v(z), then z ← z - η v(z'). Parameters and the optimizers' state are taken back to z before the
   step, which alone counts. Source: Korpelevich, 1976; Gidel and others, 2019.
   PROXIMAL: the implicit step z ← z - η v(z⁺) to the new point z⁺ itself, by fixed-point iteration: that of EXTRAGRADIENT, repeated until
   z⁺ changes by at most .tolerance |z⁺|. E_NUMERIC after .iterations, as where the rates are too large for it, or the tolerance too small for f32. The
   losses must not draw numbers. Source: Rockafellar, 1976.
   CONSENSUS: the gradients of the losses plus .consensus ½ |v(z)|², whose gradient is for all players: second order, about three times the
   cost. Source: Mescheder, Nowozin, Geiger, 2017. */
typedef enum wg_game_rule {
    WG_GAME_ALTERNATING,
    WG_GAME_SIMULTANEOUS,
    WG_GAME_EXTRAGRADIENT,
    WG_GAME_PROXIMAL,
    WG_GAME_CONSENSUS
} wg_game_rule;

/* Options of wg_game_create.
   check: a loss or a gradient that is not finite is E_NUMERIC, and a step that fails leaves parameters, optimizers and buffers of all players as they
   were before it, also where some had moved already. Without it NaN is data, and the moves before the failure stay. Cost: a copy of
   what may change for each step, and a pass over the gradients. It reads the losses: false for a step that is captured (wg_replay_capture), which then is a step of the
   rule as often as it is run.
   consensus, iterations, tolerance: of the rules CONSENSUS and PROXIMAL. */
typedef struct WG_NAMED wg_game_options {
    wg_game_rule rule;
    bool check;
    double consensus;
    int64_t iterations;
    double tolerance;
} wg_game_options;
#define wg_game_create(...)                                                                                       \
    wg_game_create_with(WG_OPTIONS(wg_game_options, .rule = WG_GAME_ALTERNATING, .check = true, .consensus = 0.1, \
                                   .iterations = 100, .tolerance = 1e-14, __VA_ARGS__))

/* A game without players. NULL and the error: E_ARGUMENT (an option out of its range), E_MEMORY. */
WG_API wg_game *wg_game_create_with(wg_game_options options);
WG_API void wg_game_destroy(wg_game *game); /* NULL is allowed. Networks and optimizers are the caller's */

/* A player's loss, which it minimises: a scalar on the open tape, made at the game's present point. It applies networks by
   wg_game_apply, which in an unrolled step or for wg_game_field have other parameters than their own. While it runs for a player's step,
   the parameters of the other players require no gradient: nothing is computed for them, nothing is left on them, and a fake sample need
   not be detached. NULL: failure, with an error. */
typedef wg_tensor *wg_game_loss(wg_game *game, void *context);

/* How many steps a player takes in the step-th step of the game, from 0. */
typedef int64_t wg_game_steps(int64_t step);

/* A player.
   name: for messages and sections of graphs. optim: moves the player's parameters, those that it was made with.
   net: what wg_game_apply applies; NULL where the losses use wg_game_params alone.
   steps: its steps in one of the game, or, if steps_at is not NULL, what that function says.
   unroll: its loss sees all others after that many recorded steps of theirs (wg_optim_unroll), and its gradient flows through these
   steps, if their losses do not detach what it makes; the steps are then forgotten. Their optimizers must be of a kind that unrolls.
   Source: Metz, Poole, Pfau, Sohl-Dickstein, 2017. */
typedef struct WG_NAMED wg_game_player {
    const char *name;
    wg_nn_module *net;
    wg_optim *optim;
    wg_game_loss *loss;
    void *context;
    int64_t steps;
    wg_game_steps *steps_at;
    int64_t unroll;
} wg_game_player;
#define wg_game_add(game, ...)                                                                                                 \
    wg_game_add_with((game), WG_OPTIONS(wg_game_player, .name = "", .net = NULL, .optim = NULL, .loss = NULL, .context = NULL, \
                                        .steps = 1, .steps_at = NULL, .unroll = 0, __VA_ARGS__))

/* Adds a player. Its network and optimizer must live as long as the game, and get no groups or parameters after this. On failure nothing
   changes: E_NULL (game, optim, loss), E_ARGUMENT (steps below 1 or unroll below 0; steps with a rule in which all move together; the
   name of another player, or a parameter of another one), E_STATE (called by a loss of the game), E_DANGLING (a parameter was freed),
   E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_game_add_with(wg_game *game, wg_game_player player);

/* The critic's steps of Arjovsky, Chintala, Bottou, 2017, as in their code: 100 in each of the first 25 steps and in every 500th, else 5. */
WG_API int64_t wg_game_wgan_steps(int64_t step);

/* A step of the game by its rule: all players' or, with .check, on failure none. Gradients that were on the players' parameters are
   thrown away. Errors: those of the losses, of wg_backward and wg_optim_step; E_NUMERIC (a loss, or with .check a gradient, is not finite; PROXIMAL did not converge),
   E_SHAPE and E_DTYPE (a loss is not a scalar of the dtype of its player's parameters), E_STATE (a tape is open; there is no player; an
   optimizer has been given a group, or a network parameters; a loss took a step with an optimizer of the game), E_DANGLING (a parameter was freed), E_NO_GRAD (a loss depends on none of its player's parameters; under WG_NO_GRAD), E_NULL. A message of the game's own names
   the player; the error of a function that a loss calls has it as its section.
   A parameter that requires no gradient stays, and so does one on which the player's loss does not depend; in CONSENSUS and in unrolled
   steps the gradient of the latter is 0, with which momentum and weight decay may move it. */
WG_API WG_MUST_CHECK wg_status wg_game_step(wg_game *game);

/* y = net(x, …) of a player at the game's present point; NULL and the error as for wg_nn_apply, E_STATE (the player has no network). */
#ifndef __cplusplus
#define wg_game_apply(game, player, ...) wg_game_apply_to((game), (player), WG_NN_TENSORS_(__VA_ARGS__))
#else
#define wg_game_apply(game, player, ...) wg_game_apply_((game), (player), __VA_ARGS__)
#endif
WG_API wg_tensor *wg_game_apply_to(wg_game *game, size_t player, wg_tensor *const *in, size_t n_in);

/* A player's parameters at the game's present point, in the order of its optimizer. Lent until the loss returns. An empty list and the
   error on failure: E_NULL, E_ARGUMENT. */
WG_API wg_tensor_list wg_game_params(const wg_game *game, size_t player);

/* Steps of the game so far; a loss that is regularised every k-th step asks it. -1 and E_NULL for NULL. */
WG_API int64_t wg_game_count(const wg_game *game);

/* The loss of a player in its latest step, also of a replay's run; NaN before the first, and with the error: E_NULL, E_ARGUMENT. */
WG_API double wg_game_last_loss(const wg_game *game, size_t player);

/* What a later run must restore beside networks and optimizers: "steps". For wg_run_add. An empty list and E_NULL for NULL. */
WG_API wg_tensor_list wg_game_state(const wg_game *game);

/* ---- the field of a game ---- */

/* All parameters of all players as one vector z, the caller's: player after player, in the order of their optimizers. NULL and the error:
   E_NULL, E_STATE (there is no player), E_DTYPE (they are not of one dtype), E_MEMORY. */
WG_API wg_tensor *wg_game_point(const wg_game *game);

/* F(z) = -v(z), the direction in which simultaneous descent moves: of z[0], a vector as wg_game_point gives, on the open tape, and
   differentiable. It is a wg_function of one operand, context being the game, so that derivative.h takes its derivatives at a point:

       WG_TRY(wg_jvp(wg_game_field, game, &z, 1, &u, NULL, &ju));          J u, J = ∂F/∂z
       WG_TRY(wg_vjp(wg_game_field, game, &z, 1, w, NULL, &jw));           Jᵀ w
       WG_TRY(wg_jacobian(wg_game_field, game, &z, 1, &j));                J, n rows by n columns

   The losses should draw no numbers, and nothing is changed: running statistics are not updated. */
WG_API wg_tensor *wg_game_field(wg_tensor *const *z, size_t n, void *game);

/* The eigenvalues of J at z, f64 (n, 2): real and imaginary part, by falling real part, and of a conjugate pair the positive imaginary part first. At a point
   where the field is 0, simultaneous descent with small steps converges if all real parts are negative, and the imaginary parts turn it.
   The result is the caller's. n at most 4096. NULL and the error: those of wg_jacobian, E_SHAPE, E_NUMERIC (J is not finite).
   Cost: about n gradients, and the eigenvalues of a dense matrix, 10 n³ operations. Source: Mescheder, Geiger, Nowozin, 2018. */
WG_API wg_tensor *wg_game_eigenvalues(wg_game *game, wg_tensor *z);

/* The path from one point to another, z(α) = from + α (to - from) at n values of α from low to high: f64 (n, 3), each row α, |F(z(α))| and
   the cosine of the angle between F(z(α)) and to - from, NaN where F is 0. At an attractor the cosine falls from positive to negative at α = 1; a bump
   there shows rotation. The result is the caller's. Cost: n gradients of all players. E_NULL, E_SHAPE, E_DTYPE, E_ARGUMENT (n below 2, low
   not below high, from equals to). Source: Berard, Gidel, Almahairi, Vincent, Lacoste-Julien, 2020. */
WG_API wg_tensor *wg_game_path(wg_game *game, wg_tensor *from, wg_tensor *to, double low, double high, int64_t n);

#ifdef __cplusplus
}

extern "C++" template <class... Tensor> inline wg_tensor *wg_game_apply_(wg_game *game, size_t player, Tensor... tensor)
{
    wg_tensor *const in[] = {tensor...};
    return wg_game_apply_to(game, player, in, sizeof...(tensor));
}
#endif

#endif
