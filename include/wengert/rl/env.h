/* Environments of reinforcement learning: a Markov decision process as closures over a state of fixed size.

       struct cart { double position, speed; };

       static void reset(const void *self, wg_rl_random *random, void *state) …                            draws a first state
       static void observe(const void *self, const void *state, double *observation) …                     what the policy sees of it
       static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
       {
           struct cart *cart = state;
           cart->speed += 0.1 * action[0], cart->position += 0.1 * cart->speed;
           return (wg_rl_outcome){.reward = -fabs(cart->position), .terminated = fabs(cart->position) > 10};
       }
       …
       wg_rl_env *env = wg_rl_env_create(.name = "cart", .state_size = sizeof(struct cart), .reset = reset, .observe = observe, .step = step,
                                         .observation = {.size = 2}, .action = {.size = 1, .low = (double[]){-1}, .high = (double[]){1}});
       env = wg_rl_time_limit(env, 200);

   The state is all that an episode is: bytes that can be copied, saved, set and compared. So one environment serves any number of
   copies and threads (wg_rl_vector), a run resumes in mid-episode, and two policies are compared from the same starts. */
#ifndef WENGERT_RL_ENV_H
#define WENGERT_RL_ENV_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_rl_env wg_rl_env;

/* Random numbers of an episode: a position in a stream of Philox (philox.h), which each draw moves on by one block. Its bits are the same for
   any number of threads. NaN and E_NULL for a NULL position. */
typedef struct wg_rl_random {
    uint64_t seed, stream, block;
} wg_rl_random;
WG_API double wg_rl_uniform(wg_rl_random *random, double low, double high); /* low ≤ x < high: low + (high - low) k/2^53 */
WG_API double wg_rl_normal(wg_rl_random *random); /* mean 0, variance 1 (Box, Muller, 1958); the last bit is the C library's */

/* A space: size numbers, each within its bounds. low and high have size elements and are copied; NULL: no bounds. A bound may be
   infinite. */
typedef struct wg_rl_box {
    int64_t size;
    const double *low, *high;
} wg_rl_box;

/* What a step gives besides the new state. terminated: the process has ended, and no reward follows: the value of the new state is 0.
   truncated: only the observation of it ends, as at a time limit: its value is not 0, and targets must bootstrap from it. */
typedef struct wg_rl_outcome {
    double reward;
    bool terminated, truncated;
} wg_rl_outcome;

/* The dynamics of an environment. The functions are pure but for state and random, so that threads may call them at once; they are given
   self, and must not fail: what a policy may do is in action's bounds.
   state_size: bytes of a state, which is aligned to 16. reset draws a first state into zeros. observe writes observation.size numbers.
   step moves state on; action is in the environment's units.
   draw: writes the state as elements of SVG, within view: x, y, width, height (wg_rl_render); NULL: it cannot be drawn.
   destroy: called once with self when the environment is destroyed; NULL: self needs none. */
typedef struct WG_NAMED wg_rl_dynamics {
    const char *name;
    wg_rl_box observation, action;
    size_t state_size;
    void (*reset)(const void *self, wg_rl_random *random, void *state);
    void (*observe)(const void *self, const void *state, double *observation);
    wg_rl_outcome (*step)(const void *self, wg_rl_random *random, void *state, const double *action);
    void (*draw)(const void *self, const void *state, FILE *svg);
    double view[4];
    void *self;
    void (*destroy)(void *self);
} wg_rl_dynamics;

/* An environment of these dynamics. On failure self is destroyed, the result is NULL: E_NULL (name, reset, observe or step), E_ARGUMENT (a
   name that is empty, a size below 1, a bound that is NaN or not below its partner), E_MEMORY. In C++ the struct is filled member by
   member and passed to wg_rl_env_create_with: its members in braces are no options there. */
#ifdef __cplusplus
#define wg_rl_env_create(...) wg_rl_env_create_with(WG_OPTIONS(wg_rl_dynamics, __VA_ARGS__))
#else
#define wg_rl_env_create(...) \
    wg_rl_env_create_with(    \
        (wg_rl_dynamics){__VA_ARGS__}) /* no WG_OPTIONS: bounds in braces, (double[]){-1}, would end with its block */
#endif
WG_API wg_rl_env *wg_rl_env_create_with(wg_rl_dynamics dynamics);
WG_API void wg_rl_env_destroy(wg_rl_env *env); /* NULL is allowed */

/* Its dynamics, to be called directly or wrapped. Lent: they live as long as the environment. NULL and E_NULL for NULL. */
WG_API const wg_rl_dynamics *wg_rl_env_dynamics(const wg_rl_env *env);

/* env with episodes that are truncated after so many steps, if they have not terminated by then. It takes env over, on failure too. The
   count of steps is part of the state, behind env's own: an int64_t at the next multiple of 8. So a state of a limited environment is
   struct { struct cart cart; int64_t steps; }. NULL: E_ARGUMENT (steps below 1), E_MEMORY; for a NULL env E_NULL, where it has left no error. */
WG_API wg_rl_env *wg_rl_time_limit(wg_rl_env *env, int64_t steps);

/* Environments of other environments, which they take over, on failure too. NULL: errors as below, E_MEMORY, and of a NULL env as wg_rl_time_limit.

   wg_rl_rescale: observations (x - shift) scale, component by component, and rewards times `reward`. shift and scale have as many numbers as an
   observation and are copied; NULL: 0 and 1. E_ARGUMENT: shift not finite, scale or reward not above 0.
   wg_rl_repeat: each action is done so many times, or until the episode ends; its rewards are added up. Inside a time limit, which then counts actions,
   or outside of it. E_ARGUMENT: times below 1. */
WG_API wg_rl_env *wg_rl_rescale(wg_rl_env *env, const double *shift, const double *scale, double reward);
WG_API wg_rl_env *wg_rl_repeat(wg_rl_env *env, int64_t times);

/* Whether an environment keeps its contract, by so many steps with random actions from the seed: for one that is new. Each step is done twice: the
   same state, action and random numbers must give the same bytes; so must reset and observe. Nothing is written behind a state or an observation; observe does
   not change the state; observations and rewards are finite, and observations within their bounds. E_BUG: it does not; the message says which function
   and what it did. E_NULL; E_ARGUMENT (steps below 1); E_MEMORY. Padding between members that a function leaves unwritten is no difference; what it
   writes there from the stack may be. */
typedef struct WG_NAMED wg_rl_env_check_options {
    int64_t steps;
    uint64_t seed;
} wg_rl_env_check_options;
#define wg_rl_env_check(env, ...) \
    wg_rl_env_check_with((env), WG_OPTIONS(wg_rl_env_check_options, .steps = 10000, .seed = 0, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_rl_env_check_with(const wg_rl_env *env, wg_rl_env_check_options options);

#ifdef __cplusplus
}
#endif

#endif
