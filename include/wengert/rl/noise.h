/* Exploration: noise on actions, and noise on the parameters of the network that acts. */
#ifndef WENGERT_RL_NOISE_H
#define WENGERT_RL_NOISE_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../data/dataset.h"
#include "../nn.h"
#include "vector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The stream of a noise's draws: + the number of the step. */
#define WG_STREAM_RL_NOISE ((uint64_t)12 << 56)

/* ---- on actions ---- */

typedef struct wg_rl_noise wg_rl_noise;

/* bound: actions are cut to ±bound; infinite where the environment's actions have no bounds. seed: WG_NO_SEED: drawn from this thread's
   generator. */
typedef struct WG_NAMED wg_rl_gaussian_options {
    double sigma, bound;
    uint64_t seed;
} wg_rl_gaussian_options;
/* x = σ N(0, 1), for n rows of actions with so many numbers. NULL and the error: E_ARGUMENT, E_MEMORY. */
#define wg_rl_gaussian(n, action, ...) \
    wg_rl_gaussian_with((n), (action), \
                        WG_OPTIONS(wg_rl_gaussian_options, .sigma = 0.1, .bound = 1, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_rl_noise *wg_rl_gaussian_with(int64_t n, int64_t action, wg_rl_gaussian_options options);

/* x ← x + θ (mean - x) dt + σ √dt N(0, 1), from x = mean at the start of an episode: an Ornstein-Uhlenbeck process, whose deviation in the long run
   is about σ/√(2θ) and whose memory is 1/(θ dt) steps: 7 for dt = 1, 667 for dt = 0.01. Source: Uhlenbeck, Ornstein, 1930; Lillicrap and
   others, 2016. */
typedef struct WG_NAMED wg_rl_ornstein_uhlenbeck_options {
    double sigma, theta, dt, mean, bound;
    uint64_t seed;
} wg_rl_ornstein_uhlenbeck_options;
#define wg_rl_ornstein_uhlenbeck(n, action, ...)                                                                                \
    wg_rl_ornstein_uhlenbeck_with((n), (action),                                                                                \
                                  WG_OPTIONS(wg_rl_ornstein_uhlenbeck_options, .sigma = 0.2, .theta = 0.15, .dt = 1, .mean = 0, \
                                             .bound = 1, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_rl_noise *wg_rl_ornstein_uhlenbeck_with(int64_t n, int64_t action, wg_rl_ornstein_uhlenbeck_options options);

WG_API void wg_rl_noise_destroy(wg_rl_noise *noise); /* NULL is allowed */

/* actions ← clip(actions + x, ±bound), n rows, with one draw for each number. Step k draws from stream WG_STREAM_RL_NOISE + k of the seed.
   E_NULL; E_NUMERIC (an action that is not finite), E_ARGUMENT (one beyond ±bound before noise is added), on which nothing changes. */
WG_API WG_MUST_CHECK wg_status wg_rl_noise_add(wg_rl_noise *noise, double *actions);

/* Begins anew in the rows whose episodes ended: after each step. E_NULL, E_SHAPE. */
WG_API WG_MUST_CHECK wg_status wg_rl_noise_follow(wg_rl_noise *noise, const wg_rl_transitions *transitions);

WG_API WG_MUST_CHECK wg_status wg_rl_noise_set_sigma(wg_rl_noise *noise,
                                                     double sigma); /* of the steps to come; E_NULL, E_ARGUMENT */
WG_API wg_tensor_list wg_rl_noise_state(const wg_rl_noise *noise);  /* for wg_run_add; σ is not among it */

/* ---- on parameters ---- */

typedef struct wg_rl_parameter_noise wg_rl_parameter_noise;

/* sigma: the first σ. target: the change of actions that σ is adapted to, √(mean (μ(s) - μ̃(s))²). factor: what σ is multiplied or divided by. */
typedef struct WG_NAMED wg_rl_parameter_noise_options {
    double sigma, target, factor;
    uint64_t seed;
} wg_rl_parameter_noise_options;

/* A copy of an actor with other weights, θ̃ = θ + σ N(0, 1), to act for an episode. The parameters of layers that normalise, and those that are frozen when the noise is made, stay as they are; the actor
   should have some (wg_nn_layer_norm), so that one σ means the same in all layers. actor lives as long. NULL and the error: E_NULL, E_ARGUMENT,
   E_MEMORY. Source: Plappert and others, 2018. */
#define wg_rl_parameter_noise_create(actor, ...)                                                                      \
    wg_rl_parameter_noise_create_with((actor), WG_OPTIONS(wg_rl_parameter_noise_options, .sigma = 0.2, .target = 0.2, \
                                                          .factor = 1.01, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_rl_parameter_noise *wg_rl_parameter_noise_create_with(wg_nn_module *actor, wg_rl_parameter_noise_options options);
WG_API void wg_rl_parameter_noise_destroy(wg_rl_parameter_noise *noise); /* NULL is allowed */

/* The copy that acts. It is perturbed by wg_rl_parameter_noise_perturb, which draws its weights anew about those that the actor has by then: at the
   start of each episode. The handle stays. */
WG_API wg_nn_module *wg_rl_parameter_noise_actor(const wg_rl_parameter_noise *noise);
WG_API WG_MUST_CHECK wg_status wg_rl_parameter_noise_perturb(wg_rl_parameter_noise *noise);

/* Measures by another perturbed copy how far actions change on observations (n, o), and multiplies σ by `factor` if that is at most target, else divides
   it: every 50 updates or so. E_NULL, E_SHAPE and E_DTYPE of the network; E_NUMERIC if the change is not finite. */
WG_API WG_MUST_CHECK wg_status wg_rl_parameter_noise_adapt(wg_rl_parameter_noise *noise, wg_tensor *observation);
WG_API double wg_rl_parameter_noise_sigma(const wg_rl_parameter_noise *noise); /* NaN and E_NULL for NULL */
WG_API wg_tensor_list wg_rl_parameter_noise_state(const wg_rl_parameter_noise *noise);

#ifdef __cplusplus
}
#endif

#endif
