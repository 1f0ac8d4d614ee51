/* Copies of an environment that run side by side, each with its own episode. They are stepped by threads, and their numbers do not
   depend on how many there are.

       wg_rl_vector *envs = wg_rl_vector_create(env, 4, .seed = 1);
       for (int64_t step = 0; step < steps; step++) {
           WG_TRY(wg_rl_act(actor, 4, wg_rl_vector_observations(envs), actions));
           WG_TRY(wg_rl_vector_step(envs, actions));
           WG_TRY(wg_rl_buffer_add(buffer, wg_rl_vector_last(envs)));
       } */
#ifndef WENGERT_RL_VECTOR_H
#define WENGERT_RL_VECTOR_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../random.h"
#include "../tensor.h"
#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_rl_vector wg_rl_vector;

/* n transitions (s, a, r, s'), one a row. action is in the agent's units: -1 … 1 where the environment has bounds.
   next: the observation that the step led to, which at the end of an episode is its last one, not the first of the next episode.
   observation_size, action_size: numbers in a row of observations and of actions, for the buffer to compare with its own.
   total, length: rewards and steps of the episode so far, this step among them. They are all of the episode where it has ended. */
typedef struct wg_rl_transitions {
    int64_t n;
    int64_t observation_size, action_size;
    const double *observation, *action, *reward, *next;
    const bool *terminated, *truncated;
    const double *total;
    const int64_t *length;
} wg_rl_transitions;

/* seed: copy i draws from stream WG_STREAM_RL + i of it. WG_NO_SEED: drawn from this thread's generator. threads: that step the copies, the
   caller among them; 0: wg_threads() of them, but only the caller for fewer than 32 copies. */
typedef struct WG_NAMED wg_rl_vector_options {
    uint64_t seed;
    int threads;
} wg_rl_vector_options;

/* n copies of env, reset. env must live as long. NULL and the error: E_NULL, E_ARGUMENT (n or threads out of range), E_NUMERIC (an observation
   that is not finite), E_MEMORY. A vector is used by one thread at a time; after fork the child steps its copies without helpers. */
#define wg_rl_vector_create(env, n, ...) \
    wg_rl_vector_create_with((env), (n), WG_OPTIONS(wg_rl_vector_options, .seed = WG_NO_SEED, .threads = 0, __VA_ARGS__))
WG_API wg_rl_vector *wg_rl_vector_create_with(const wg_rl_env *env, int64_t n, wg_rl_vector_options options);
WG_API void wg_rl_vector_destroy(wg_rl_vector *vector); /* NULL is allowed */

/* Begins a new episode in every copy. Its random numbers go on from where they are. On failure no copy has moved: E_NULL, E_NUMERIC. */
WG_API WG_MUST_CHECK wg_status wg_rl_vector_reset(wg_rl_vector *vector);

/* One step of every copy, by n rows of actions. A component of an action is -1 … 1 where the environment's has two finite bounds, and is
   scaled to them, (low + high)/2 + a (high - low)/2; elsewhere it is the environment's own. A copy whose episode ends begins a new one at once.
   On failure no copy has moved, and the last transitions are as they were: E_NULL; E_ARGUMENT: an action out of -1 … 1, or out of its bounds,
   or not finite; E_NUMERIC: a reward or an observation that is not finite; E_BUG: a function of the environment ended its thread. Messages name
   environment, copy and component. */
WG_API WG_MUST_CHECK wg_status wg_rl_vector_step(wg_rl_vector *vector, const double *actions);

/* The observations from which the next step starts, n rows. Lent until the vector is destroyed; each step writes them anew. */
WG_API const double *wg_rl_vector_observations(const wg_rl_vector *vector);
/* The transitions of the last step; n is 0 before the first. Lent likewise. */
WG_API const wg_rl_transitions *wg_rl_vector_last(const wg_rl_vector *vector);

WG_API int64_t wg_rl_vector_size(const wg_rl_vector *vector); /* n; 0 and E_NULL for NULL */
WG_API const wg_rl_env *wg_rl_vector_env(const wg_rl_vector *vector);

/* The state of a copy, of the environment's state_size bytes: to read, or to begin an episode from a state of one's own. Of an environment
   with a time limit it ends with the count of steps (wg_rl_time_limit). NULL for E_NULL, E_ARGUMENT (no such copy); start also E_NUMERIC (an
   observation that is not finite), and on failure nothing changes. */
WG_API const void *wg_rl_vector_state_of(const wg_rl_vector *vector, int64_t copy);
WG_API WG_MUST_CHECK wg_status wg_rl_vector_start(wg_rl_vector *vector, int64_t copy, const void *state);

/* All that a later run must restore, by name (wg_run_add): states, positions of the random numbers, observations, episodes so far. */
WG_API wg_tensor_list wg_rl_vector_state(const wg_rl_vector *vector);

#ifdef __cplusplus
}
#endif

#endif
