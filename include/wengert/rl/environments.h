/* Environments that are known by name: classical control and problems whose answer is known. environments.def lists them.

       wg_rl_env *env = wg_rl_pendulum();                             Gymnasium's Pendulum-v1: 200 steps
       wg_rl_env *raw = wg_rl_pendulum(.limit = 0);                   without the time limit

   Arithmetic: f64 with the C library's sin and cos, each operation rounded (no contraction). Where Gymnasium has the environment, states
   and rewards are the bits of its formulas in f64 with the same C library; NumPy's own sine and its f32 observations differ in the
   last digits. Observations are f64.
   limit: an episode is truncated after so many steps (wg_rl_time_limit); 0: never. The state of an environment with a limit is followed by
   the count of steps, an int64_t. Each constructor returns NULL on failure: E_ARGUMENT (an option that is not finite or out of range),
   E_MEMORY. */
#ifndef WENGERT_RL_ENVIRONMENTS_H
#define WENGERT_RL_ENVIRONMENTS_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pendulum: swing a pendulum up with a motor that is too weak to lift it ---- */

/* angle θ: 0 is upright, counted on without wrapping; speed: its change in a second. */
typedef struct wg_rl_pendulum_state {
    double angle, speed;
} wg_rl_pendulum_state;

/* Observation: cos θ, sin θ, speed. Action: the torque u, -2 … 2, clipped. A step of 0.05 s, with g = .gravity, a rod of mass 1 and length 1:

       reward = -(θ'² + 0.1 speed² + 0.001 u²)                        of the old state; θ' is θ wrapped to -π … π
       speed += (3g/2 sin θ + 3u) 0.05                                clipped to -8 … 8
       θ     += 0.05 speed                                            the new one

   First state: θ uniform in -π … π, speed in -1 … 1. It never terminates. The best mean return of 200 steps is about -137.
   Source: Gymnasium's Pendulum-v1. */
typedef struct WG_NAMED wg_rl_pendulum_options {
    int64_t limit;
    double gravity;
} wg_rl_pendulum_options;
#define wg_rl_pendulum(...) wg_rl_pendulum_with(WG_OPTIONS(wg_rl_pendulum_options, .limit = 200, .gravity = 10, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_pendulum_with(wg_rl_pendulum_options options);

#ifdef __cplusplus
}
#endif

#endif
