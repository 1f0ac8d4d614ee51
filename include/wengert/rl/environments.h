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
#include "exact.h"

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

/* ---- mountain_car_continuous: a car with a motor too weak for the hill swings out of a valley ---- */

typedef struct wg_rl_mountain_car_continuous_state {
    double position, speed;
} wg_rl_mountain_car_continuous_state;

/* Observation: position x, speed v. Action: the force a, -1 … 1. A step:

       v += 0.0015 clip(a) - 0.0025 cos 3x                            clipped to -0.07 … 0.07
       x += v                                                         clipped to -1.2 … 0.6; at -1.2 a negative v becomes 0
       terminated = x ≥ 0.45 and v ≥ 0
       reward = 100 terminated - 0.1 a²                               of a as it is given, not clipped

   First state: x uniform in -0.6 … -0.4, v = 0. f32: the new state is rounded to f32, as Gymnasium stores it, the arithmetic being that of NumPy
   1, in f64 (NumPy 2 computes in f32: other by 6e-7); false: f64 throughout. To stay where it is gives 0, more than a bad policy does: the trap
   of this environment. The best mean return is 99.65, "solved" is 90. Source: Gymnasium's MountainCarContinuous-v0; Moore, 1990. */
typedef struct WG_NAMED wg_rl_mountain_car_continuous_options {
    int64_t limit;
    bool f32;
} wg_rl_mountain_car_continuous_options;
#define wg_rl_mountain_car_continuous(...) \
    wg_rl_mountain_car_continuous_with(WG_OPTIONS(wg_rl_mountain_car_continuous_options, .limit = 999, .f32 = true, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_mountain_car_continuous_with(wg_rl_mountain_car_continuous_options options);

/* ---- cart_pole_continuous: balance a pole on a cart ---- */

typedef struct wg_rl_cart_pole_continuous_state {
    double position, speed, angle, spin; /* spin: change of the angle in a second */
} wg_rl_cart_pole_continuous_state;

/* Observation: position x, speed, angle θ, spin ω. Action: the force as a part of .force, -1 … 1. A step of 0.02 s by Euler's rule, in which x
   and θ move by the old speeds; F = .force clip(a), masses 1 and 0.1, half-length 0.5:

       t = (F + 0.05 ω² sin θ) / 1.1
       ω' = (9.8 sin θ - t cos θ) / (0.5 (4/3 - 0.1 cos² θ / 1.1))
       v' = t - 0.05 ω' cos θ / 1.1

   Terminated: |x| > 2.4 or |θ| > 12°. The reward is 1 for each step, the last one included. First state: each uniform in -0.05 … 0.05. The best
   return is 500. Source: Gymnasium's CartPole-v1 (Barto, Sutton, Anderson, 1983), which pushes by ±10; continuous forces go up to 30 in the
   version of Danforth, 10 in others. */
typedef struct WG_NAMED wg_rl_cart_pole_continuous_options {
    int64_t limit;
    double force;
} wg_rl_cart_pole_continuous_options;
#define wg_rl_cart_pole_continuous(...) \
    wg_rl_cart_pole_continuous_with(WG_OPTIONS(wg_rl_cart_pole_continuous_options, .limit = 500, .force = 30, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_cart_pole_continuous_with(wg_rl_cart_pole_continuous_options options);

/* ---- lander: set a craft with a main engine and two side jets down on its legs ---- */

/* position, speed: of the centre of mass, x to the right and y above the ground, in m and m/s. angle: to the left, in radians. left, right:
   whether that leg's foot is on the ground. main, side: the engines' power in the last step. rest: steps of rest so far. */
typedef struct wg_rl_lander_state {
    double x, y, speed_x, speed_y, angle, spin;
    bool left, right;
    double main, side;
    int64_t rest;
} wg_rl_lander_state;

/* Like Gymnasium's LunarLanderContinuous in its task, spaces and reward; the dynamics are Wengert's own and simpler, so returns of the two
   do not compare. Observation: x/10, y/8, speeds/5, angle, spin, and 1 or 0 for each foot on the ground (left, right). Action: main engine, off up to 0,
   then ½ + ½a of its power; side jets, off within ±½, else |a| of their power: a < -½ turns the craft to the left, a > ½ to the right.

   The craft is a rigid body of mass 1 and moment of inertia 0.3 under a gravity of 1.62 m/s². The main engine pushes it along its own axis
   with 4 m/s², jets turn it with 1.5 1/s² and push it sideways with 0.3 m/s². A step of 0.05 s is four of Euler's rule in which positions move by
   the new speeds. The ground is flat, y = 0 for the feet. Each foot, at (±0.8, -0.7) of the craft, is a spring with a damper and the ground's
   friction: in a depth d, with speeds u along and w into the ground, the force up is N = max(0, 200 d + 20 w), along it -N clip(10 u, ±0.8).

       shaping = -100 |(x, y)| - 100 |speed| - 100 |angle| + 10 for each foot on the ground       in units of the observation
       reward = change of shaping - 0.3 main - 0.03 |side|; instead -100 if it crashes or leaves |x| < 10, 100 if it rests

   y in it is measured from where the craft stands. It crashes where a corner of the hull meets the ground, or a foot faster than 3 m/s. It rests when both
   feet have been on the ground for 10 steps with speeds below 0.1. Both terminate. First state: y = 11 … 13, x = -3 … 3, speeds -2 … 2
   and -1.5 … 0, angle ±0.2, spin ±0.2. Solved: a mean return of 200. */
typedef struct WG_NAMED wg_rl_lander_options {
    int64_t limit;
} wg_rl_lander_options;
#define wg_rl_lander(...) wg_rl_lander_with(WG_OPTIONS(wg_rl_lander_options, .limit = 600, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_lander_with(wg_rl_lander_options options);

/* ---- lqr: linear dynamics, quadratic cost, of any size ---- */

/* x' = a x + b u + w, with normal noise w of standard deviation .noise in each component, and the reward -(xᵀ q x + uᵀ r u) of the old state. .problem is copied; it has at
   most 256 states and controls. NULL: a mass on a line, a = [1 0.1; 0 1], b = [0.005; 0.1], q = I, r = 0.1. Its gamma plays no part
   here. The state is x, n doubles; so is the observation. Action: u, unbounded. First state: normal, of standard deviation .start. It never terminates;
   an unstable policy ends in an error, as rewards overflow. wg_rl_lqr_solve knows the best policy. Errors as of exact.h for a problem that is not one. */
typedef struct WG_NAMED wg_rl_lqr_env_options {
    int64_t limit;
    const wg_rl_lqr_problem *problem;
    double start, noise;
} wg_rl_lqr_env_options;
#define wg_rl_lqr(...) \
    wg_rl_lqr_with(WG_OPTIONS(wg_rl_lqr_env_options, .limit = 100, .problem = NULL, .start = 1, .noise = 0, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_lqr_with(wg_rl_lqr_env_options options);

/* ---- puddle_world: cross a square, around two puddles ---- */

typedef struct wg_rl_puddle_world_state {
    double x, y;
} wg_rl_puddle_world_state;

/* The square 0 … 1 with the goal x + y ≥ 1.9, where it terminates. Observation: x, y. Action: the step along both, clipped to -0.05 … 0.05, to which
   normal noise of standard deviation .noise is added. The reward is -1 for each step, and -400 times how deep the new place is in each puddle:
   the points within 0.1 of the line from (0.1, 0.75) to (0.45, 0.75), and of that from (0.45, 0.4) to (0.45, 0.8). First state: uniform, outside the
   goal. Source: Sutton, 1996; with these actions Silver and others, 2014. */
typedef struct WG_NAMED wg_rl_puddle_world_options {
    int64_t limit;
    double noise;
} wg_rl_puddle_world_options;
#define wg_rl_puddle_world(...) \
    wg_rl_puddle_world_with(WG_OPTIONS(wg_rl_puddle_world_options, .limit = 1000, .noise = 0.01, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_puddle_world_with(wg_rl_puddle_world_options options);

/* ---- quadratic_bandit: one step, many actions ---- */

/* The reward of action a is -(a - a*)ᵀ C (a - a*), with a* = (4, …, 4), and the episode ends. C has the eigenvalues 0.1 and 1 in turn, in a basis that is
   drawn from the seed. The observation is 0. The best reward is 0. .actions: from 1 to 1000. Source: Silver and others, 2014, with 10,
   25 and 50. */
typedef struct WG_NAMED wg_rl_quadratic_bandit_options {
    int64_t actions;
    uint64_t seed;
} wg_rl_quadratic_bandit_options;
#define wg_rl_quadratic_bandit(...) \
    wg_rl_quadratic_bandit_with(WG_OPTIONS(wg_rl_quadratic_bandit_options, .actions = 10, .seed = 1, __VA_ARGS__))
WG_API wg_rl_env *wg_rl_quadratic_bandit_with(wg_rl_quadratic_bandit_options options);

#ifdef __cplusplus
}
#endif

#endif
