/* Policies: what acts in an environment, and how good it is. */
#ifndef WENGERT_RL_POLICY_H
#define WENGERT_RL_POLICY_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../nn.h"
#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A policy: writes n rows of actions for n rows of observations, in the agent's units, -1 … 1 where the environment has bounds. */
typedef wg_status wg_rl_policy(void *context, int64_t n, const double *observations, double *actions);

/* ---- networks as policies ---- */

typedef struct wg_rl_actor wg_rl_actor;

/* A network that maps (n, observation) to (n, action), applied in evaluation mode and without a graph. It is captured at the first call, and again
   where n changes. net lives as long. NULL and the error: E_NULL, E_ARGUMENT (a size below 1; a network without parameters), E_MEMORY. */
WG_API wg_rl_actor *wg_rl_actor_create(const wg_nn_module *net, int64_t observation, int64_t action);
WG_API void wg_rl_actor_destroy(wg_rl_actor *actor); /* NULL is allowed */

/* A policy whose context is a wg_rl_actor. E_NULL; E_SHAPE: net's result is not (n, action); E_NUMERIC: an observation or an action that is not finite in its dtype; E_STATE: a tape is open;
   errors of net.
   Cost: the network's kernels, and a copy of both. */
WG_API WG_MUST_CHECK wg_status wg_rl_act(void *actor, int64_t n, const double *observations, double *actions);

/* ---- evaluation ---- */

/* Of returns: their mean, standard deviation, error of the mean (deviation/√episodes), least and largest; mean length of the episodes. */
typedef struct wg_rl_score {
    double mean, deviation, error, least, largest, length;
    int64_t episodes;
} wg_rl_score;

/* episodes: how many, side by side, each in a copy of its own.
   starts: their first states, episodes times state_size bytes; NULL: drawn from seed, so that the same seed is the same episodes.
   returns: gets the return of each episode; NULL: nowhere.
   max_steps: an episode that is longer is E_STATE: without a time limit it might never end. */
typedef struct WG_NAMED wg_rl_evaluate_options {
    int64_t episodes;
    const void *starts;
    uint64_t seed;
    double *returns;
    int64_t max_steps;
} wg_rl_evaluate_options;

/* Whole episodes of a policy without exploration, undiscounted, on copies of its own. Errors: E_NULL, E_ARGUMENT, E_SHAPE (wg_rl_act with an actor
   of other sizes than the environment's), those of the policy and of wg_rl_vector_step, E_MEMORY. */
#define wg_rl_evaluate(env, policy, context, score, ...)                                                                \
    wg_rl_evaluate_with((env), (policy), (context), (score),                                                            \
                        WG_OPTIONS(wg_rl_evaluate_options, .episodes = 100, .starts = NULL, .seed = 0, .returns = NULL, \
                                   .max_steps = 100000, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_rl_evaluate_with(const wg_rl_env *env, wg_rl_policy *policy, void *context, wg_rl_score *score,
                                                   wg_rl_evaluate_options options);

/* The mean of returns and its spread: of the returns of several seeds, or of the differences b - a of two policies on the same starts, whose error is
   far below that of either mean. differences may be one of them. E_NULL, E_ARGUMENT (n below 1). */
WG_API WG_MUST_CHECK wg_status wg_rl_score_of(const double *returns, int64_t n, wg_rl_score *score);
WG_API WG_MUST_CHECK wg_status wg_rl_score_paired(const double *a, const double *b, int64_t n, wg_rl_score *score);

#ifdef __cplusplus
}
#endif

#endif
