/* Policy gradients with critics that are linear in their features: the deterministic policy gradient, compatible features, least-squares
   temporal differences, COPDAC-Q, and tile coding. Actors are modules of any kind: ∇μ is never formed, but applied by forward and reverse mode.
   Each part can be called alone.

   Below, s (N,n) are states, one a row, a (N,m) actions, μ = actor(s) (N,m), and θ the parameters of the actor, d numbers in the order of
   wg_nn_to_vector(wg_nn_parameters(actor)), frozen ones among them. An actor computes each row from that row of s alone. All are of the actor's
   dtype. Results are on the open tape, or the caller's with no tape open. NULL and the error on failure: E_NULL, E_SHAPE, E_DTYPE, E_ARGUMENT,
   E_MEMORY, and those of the actor. */
#ifndef WENGERT_RL_LINEAR_H
#define WENGERT_RL_LINEAR_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../nn.h"
#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the deterministic policy gradient ---- */

/* A critic: Q(s, a) by ops, N numbers in any shape, each of its own row. */
typedef wg_tensor *wg_rl_q(wg_tensor *s, wg_tensor *a, void *context);

/* ∇J ≈ (1/N) Σ_i ∇_θ μ(s_i) ∇_a Q(s_i, a)|_{a=μ(s_i)} (d): the direction in which θ raises the mean of Q. With states from the discounted visits, which
   sum to 1/(1-γ), and the true Q, it is (1-γ) ∇J; with another Q it is as biased as that Q's ∇_a is. Cost: the actor, Q, and their
   backward passes. Source: Silver, Lever, Heess, Degris, Wierstra, Riedmiller, 2014. */
WG_API wg_tensor *wg_rl_policy_gradient(const wg_nn_module *actor, wg_tensor *s, wg_rl_q *q, void *context);

/* ---- compatible features ----

   φ(s, a) = ∇_θ μ(s) (a - μ(s)) (d). A critic wᵀ φ(s, a) + V(s) whose w is the best in the mean square has the true policy gradient. With a
   Gaussian policy of mean μ and standard deviation σ, ∇_θ ln π(a|s) = φ(s, a)/σ², so these serve the stochastic gradient too. */

/* φ (N,d), one row for each: N backward passes. */
WG_API wg_tensor *wg_rl_compatible_features(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a);
/* wᵀ φ(s_i, a_i) (N), for w (d): one pass in forward mode. */
WG_API wg_tensor *wg_rl_compatible_advantage(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a, wg_tensor *w);
/* (1/N) Σ_i c_i φ(s_i, a_i) (d), for c (N): one backward pass. */
WG_API wg_tensor *wg_rl_compatible_mean(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a, wg_tensor *c);
/* (1/N) Σ_i ∇_θ μ(s_i) (∇_θ μ(s_i)ᵀ w) (d): the policy gradient of that critic. The natural gradient is w itself. */
WG_API wg_tensor *wg_rl_compatible_gradient(const wg_nn_module *actor, wg_tensor *s, wg_tensor *w);

/* ---- least squares ---- */

/* 1, all D components of z = (s, a), and all their products z_i z_j for i ≤ j, in that order: (N, (D+1)(D+2)/2). Q of a linear problem with a quadratic cost is
   linear in these. a may be WG_NONE. */
WG_API wg_tensor *wg_rl_quadratic_features(wg_tensor *s, wg_tensor *a);

/* terminated: N numbers that are 0 or 1: nothing follows a 1. WG_NONE: all 0. ridge: added to the diagonal. */
typedef struct WG_NAMED wg_rl_lstd_options {
    double gamma, ridge;
    wg_tensor *terminated;
} wg_rl_lstd_options;

/* w (k) of a critic wᵀ φ: the solution of (1/N) Φᵀ (Φ - γ (1 - terminated) Φ') w + ridge w = (1/N) Φᵀ r, with features (N,k) of transitions in
   their rows, those of what follows, next, and rewards (N); next holds the features of (s', μ(s')). WG_NONE for next: least squares. Dtype f64.
   E_ARGUMENT: γ out of 0 … 1, a ridge below 0. E_NUMERIC, without a ridge: fewer transitions than features, or equations that are singular; where
   features depend on one another but for rounding, w is one of many solutions, and a ridge chooses. Cost: 2Nk² + 2k³/3. Source: Bradtke, Barto,
   1996; Lagoudakis, Parr, 2003. */
#define wg_rl_lstd(features, next, rewards, ...)   \
    wg_rl_lstd_with((features), (next), (rewards), \
                    WG_OPTIONS(wg_rl_lstd_options, .gamma = 0.99, .ridge = 0, .terminated = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_rl_lstd_with(wg_tensor *features, wg_tensor *next, wg_tensor *rewards, wg_rl_lstd_options options);

/* ---- COPDAC-Q: compatible off-policy deterministic actor-critic ---- */

typedef struct wg_rl_copdac wg_rl_copdac;

/* natural: θ moves along w and not along the gradient. */
typedef struct WG_NAMED wg_rl_copdac_options {
    double gamma, actor_rate, advantage_rate, value_rate;
    bool natural;
} wg_rl_copdac_options;

/* Transitions. value_features, next_features (N,k): of s and of what followed. reward (N). terminated: as of wg_rl_lstd. */
typedef struct wg_rl_copdac_batch {
    wg_tensor *s, *a, *reward, *value_features, *next_features, *terminated;
} wg_rl_copdac_batch;

/* With Q(s, a) = wᵀ φ(s, a) + vᵀ x(s), where x are the value's features, each step takes, of the old numbers and as means over the batch,

       δ = r + γ (1 - terminated) vᵀ x(s') - Q(s, a)             as a' = μ(s') has no advantage
       θ += actor_rate ∇μ(s) (∇μ(s)ᵀ w), or actor_rate w
       w += advantage_rate δ φ(s, a),  v += value_rate δ x(s)

   The actions may come from any policy. The actor is borrowed; w and v begin at 0. E_ARGUMENT: k below 1, γ out of 0 … 1, a rate that is not
   finite or below 0. Source: Silver and others, 2014, section 4.3. */
#define wg_rl_copdac_create(actor, k, ...)                                                                               \
    wg_rl_copdac_create_with((actor), (k),                                                                               \
                             WG_OPTIONS(wg_rl_copdac_options, .gamma = 0.99, .actor_rate = 1e-3, .advantage_rate = 1e-2, \
                                        .value_rate = 1e-2, .natural = false, __VA_ARGS__))
WG_API wg_rl_copdac *wg_rl_copdac_create_with(wg_nn_module *actor, int64_t k, wg_rl_copdac_options options);
WG_API void wg_rl_copdac_destroy(wg_rl_copdac *agent); /* NULL is allowed */
/* An update (wg_update_begin): on failure nothing has changed. *error, if not NULL: the mean of δ². */
WG_API WG_MUST_CHECK wg_status wg_rl_copdac_step(wg_rl_copdac *agent, wg_rl_copdac_batch batch, double *error);
/* w (d) and v (k), lent, by these names: what a run must restore beside the actor. */
WG_API wg_tensor_list wg_rl_copdac_state(const wg_rl_copdac *agent);

/* ---- tile coding ---- */

/* Grids over a box, shifted against each other, of which each observation lies in one tile a grid: the tiles are binary features. */
typedef struct wg_rl_tiles wg_rl_tiles;

typedef struct WG_NAMED wg_rl_tiles_options {
    int64_t tilings, divisions;
} wg_rl_tiles_options;

/* .tilings grids of .divisions tiles along each axis of the box, and one more for the shift, so there are tilings (divisions + 1)ⁿ features. Grid t is shifted by
   (t (2i + 1) mod tilings)/tilings of a tile along axis i. The box is copied; its bounds are finite. Observations outside are moved to its
   edge. E_ARGUMENT; E_MEMORY. Source: Albus, 1975; Sutton, Barto, 2018, section 9.5.4. */
#define wg_rl_tiles_create(box, ...) \
    wg_rl_tiles_create_with((box), WG_OPTIONS(wg_rl_tiles_options, .tilings = 8, .divisions = 8, __VA_ARGS__))
WG_API wg_rl_tiles *wg_rl_tiles_create_with(const wg_rl_box *box, wg_rl_tiles_options options);
WG_API void wg_rl_tiles_destroy(wg_rl_tiles *tiles);         /* NULL is allowed */
WG_API int64_t wg_rl_tiles_size(const wg_rl_tiles *tiles);   /* features; 0 and E_NULL for NULL */
WG_API int64_t wg_rl_tiles_active(const wg_rl_tiles *tiles); /* how many are 1: the tilings; likewise */
WG_API int64_t wg_rl_tiles_axes(const wg_rl_tiles *tiles);   /* components of an observation; likewise */
/* The indices of those that are 1, in increasing order. E_NUMERIC for an observation with a NaN. */
WG_API WG_MUST_CHECK wg_status wg_rl_tiles_encode(const wg_rl_tiles *tiles, const double *observation, int64_t *active);
/* The features of n observations in rows, f64 (n, size). */
WG_API wg_tensor *wg_rl_tiles_features(const wg_rl_tiles *tiles, const double *observations, int64_t n);

/* ---- actor-critics that are linear in tiles: one transition at a time, at the cost of the active tiles ---- */

typedef struct wg_rl_tiled wg_rl_tiled;

typedef enum wg_rl_tiled_method {
    WG_RL_TILED_COPDAC, /* as above, with μ = θ x(s) and x the tiles */
    WG_RL_TILED_OPDAC,  /* deterministic, with a linear critic Q(s, a) = Σ_j a_j (w_j x(s)) + v x(s), not of compatible features */
    WG_RL_TILED_SAC /* stochastic: a is normal with mean θ x(s) and deviation e^{y x(s)}; both move by δ ∇ ln π, on policy */
} wg_rl_tiled_method;

/* sigma: the deviation of explored actions; SAC's first one. seed: WG_NO_SEED: drawn from this thread's generator. Rates are per tile: divide what a
   state's value should move by wg_rl_tiles_active. */
typedef struct WG_NAMED wg_rl_tiled_options {
    wg_rl_tiled_method method;
    double gamma, actor_rate, advantage_rate, value_rate, sigma;
    uint64_t seed;
} wg_rl_tiled_options;

/* A policy of m actions, in the agent's units, -1 … 1 (vector.h). Tiles are borrowed. All begins at 0. SAC takes the one-step error as the advantage, δ = r + γ v x(s') - v x(s), as
   Degris, Pilarski and Sutton (2012) do; OPDAC is Silver's equations 16 to 18. */
#define wg_rl_tiled_create(tiles, m, ...)                                                                                    \
    wg_rl_tiled_create_with((tiles), (m),                                                                                    \
                            WG_OPTIONS(wg_rl_tiled_options, .method = WG_RL_TILED_COPDAC, .gamma = 0.99, .actor_rate = 1e-3, \
                                       .advantage_rate = 1e-2, .value_rate = 1e-2, .sigma = 0.2, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_rl_tiled *wg_rl_tiled_create_with(const wg_rl_tiles *tiles, int64_t m, wg_rl_tiled_options options);
WG_API void wg_rl_tiled_destroy(wg_rl_tiled *agent); /* NULL is allowed */
/* action (m) in an observation, clipped to -1 … 1; explore: with the policy's noise. */
WG_API WG_MUST_CHECK wg_status wg_rl_tiled_act(wg_rl_tiled *agent, const double *observation, bool explore, double *action);
/* One step of the rules above. E_NUMERIC, and nothing has changed: an observation, an action or a reward that is not finite, or an error or a deviation
   that has become so. */
WG_API WG_MUST_CHECK wg_status wg_rl_tiled_step(wg_rl_tiled *agent, const double *observation, const double *action, double reward,
                                                const double *next, bool terminated);
/* The mean action of n observations: a wg_rl_policy, with the agent as its context, for wg_rl_evaluate. */
WG_API WG_MUST_CHECK wg_status wg_rl_tiled_policy(void *agent, int64_t n, const double *observations, double *actions);
/* "theta", "w" (m, size), "v" (size), "y" (m, size), "random" (3), lent. */
WG_API wg_tensor_list wg_rl_tiled_state(const wg_rl_tiled *agent);

#ifdef __cplusplus
}
#endif

#endif
