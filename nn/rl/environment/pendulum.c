/* The pendulum of Gymnasium's Pendulum-v1, operation by operation. */
#include "environment.h"

#define SECONDS 0.05
#define MAX_SPEED 8.0
#define MAX_TORQUE 2.0

static void reset(const void *self, wg_rl_random *random, void *state)
{
    wg_rl_pendulum_state *pendulum = state;
    (void)self;
    pendulum->angle = wg_rl_uniform(random, -PI, PI);
    pendulum->speed = wg_rl_uniform(random, -1, 1);
}

static void observe(const void *self, const void *state, double *observation)
{
    const wg_rl_pendulum_state *pendulum = state;
    (void)self;
    observation[0] = cos(pendulum->angle);
    observation[1] = sin(pendulum->angle);
    observation[2] = pendulum->speed;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const wg_rl_pendulum_options *o = self;
    wg_rl_pendulum_state *pendulum = state;
    (void)random;
    const double angle = pendulum->angle, speed = pendulum->speed, u = clip(action[0], -MAX_TORQUE, MAX_TORQUE);
    const double cost = square_by_pow(modulo(angle + PI, 2 * PI) - PI) + 0.1 * square_by_pow(speed) + 0.001 * square_by_pow(u);
    const double faster = speed + (3 * o->gravity / 2 * sin(angle) + 3 * u) * SECONDS;
    pendulum->speed = clip(faster, -MAX_SPEED, MAX_SPEED);
    pendulum->angle = angle + pendulum->speed * SECONDS;
    return (wg_rl_outcome){.reward = -cost};
}

static void draw(const void *self, const void *state, FILE *svg)
{
    const wg_rl_pendulum_state *pendulum = state;
    (void)self;
    fprintf(
        svg,
        "<circle r=\"1.08\" fill=\"#f6f6f6\"/><path stroke=\"#bbb\" stroke-width=\".015\" stroke-dasharray=\".06 .05\" d=\"M0 0V-1\"/>");
    fprintf(svg, "<path stroke=\"#c33\" stroke-width=\".17\" stroke-linecap=\"round\" d=\"M0 0L%.4f %.4f\"/>", sin(pendulum->angle),
            -cos(pendulum->angle));
    fprintf(svg, "<circle r=\".05\"/>");
}

wg_rl_env *wg_rl_pendulum_with(wg_rl_pendulum_options options)
{
    const double low[] = {-1, -1, -MAX_SPEED}, high[] = {1, 1, MAX_SPEED}, torque[] = {-MAX_TORQUE, MAX_TORQUE};
    if (!environment_option_is_finite("pendulum", "gravity", options.gravity))
        return NULL;
    return environment_of((wg_rl_dynamics){.name = "pendulum",
                                           .observation = {3, low, high},
                                           .action = {1, &torque[0], &torque[1]},
                                           .state_size = sizeof(wg_rl_pendulum_state),
                                           .reset = reset,
                                           .observe = observe,
                                           .step = step,
                                           .draw = draw,
                                           .view = {-1.2, -1.2, 2.4, 2.4}},
                          &options, sizeof options, options.limit);
}
