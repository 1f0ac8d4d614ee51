/* The cart and pole of Gymnasium's CartPole-v1 (Barto, Sutton, Anderson, 1983) with a continuous force, operation by operation. */
#include "environment.h"

#define SECONDS 0.02
#define POLE_MASS 0.1
#define TOTAL_MASS (POLE_MASS + 1.0)
#define HALF_LENGTH 0.5
#define MAX_POSITION 2.4
#define MAX_ANGLE (12 * 2 * PI / 360)

static void reset(const void *self, wg_rl_random *random, void *state)
{
    wg_rl_cart_pole_continuous_state *s = state;
    (void)self;
    s->position = wg_rl_uniform(random, -0.05, 0.05);
    s->speed = wg_rl_uniform(random, -0.05, 0.05);
    s->angle = wg_rl_uniform(random, -0.05, 0.05);
    s->spin = wg_rl_uniform(random, -0.05, 0.05);
}

static void observe(const void *self, const void *state, double *observation)
{
    const wg_rl_cart_pole_continuous_state *s = state;
    (void)self;
    observation[0] = s->position, observation[1] = s->speed;
    observation[2] = s->angle, observation[3] = s->spin;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const wg_rl_cart_pole_continuous_options *o = self;
    wg_rl_cart_pole_continuous_state *s = state;
    (void)random;
    const double force = o->force * clip(action[0], -1, 1), c = cos(s->angle), sine = sin(s->angle);
    const double push = (force + POLE_MASS * HALF_LENGTH * (s->spin * s->spin) * sine) / TOTAL_MASS;
    const double turn = (9.8 * sine - c * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (c * c) / TOTAL_MASS));
    const double faster = push - POLE_MASS * HALF_LENGTH * turn * c / TOTAL_MASS;
    s->position = s->position + SECONDS * s->speed; /* Euler: with the old speeds */
    s->speed = s->speed + SECONDS * faster;
    s->angle = s->angle + SECONDS * s->spin;
    s->spin = s->spin + SECONDS * turn;
    return (wg_rl_outcome){.reward = 1,
                           .terminated = s->position < -MAX_POSITION || s->position > MAX_POSITION || s->angle < -MAX_ANGLE ||
                                         s->angle > MAX_ANGLE};
}

static void draw(const void *self, const void *state, FILE *svg)
{
    const wg_rl_cart_pole_continuous_state *s = state;
    (void)self;
    fprintf(svg, "<path stroke=\"#888\" stroke-width=\".02\" d=\"M-2.7 .12H2.7M-2.4 .06v.12M2.4 .06v.12\"/>");
    fprintf(
        svg,
        "<g transform=\"translate(%.4f 0)\"><rect x=\"-.3\" y=\"-.16\" width=\".6\" height=\".24\" rx=\".03\" fill=\"#1b6ec2\"/>",
        s->position);
    fprintf(svg, "<circle cx=\"-.18\" cy=\".08\" r=\".05\"/><circle cx=\".18\" cy=\".08\" r=\".05\"/>");
    fprintf(svg,
            "<path stroke=\"#b5651d\" stroke-width=\".08\" stroke-linecap=\"round\" d=\"M0 -.08V-%.3f\" "
            "transform=\"rotate(%.3f 0 -.08)\"/><circle cy=\"-.08\" r=\".035\" fill=\"#fff\"/></g>",
            2 * HALF_LENGTH + 0.08, s->angle * (180 / PI));
}

wg_rl_env *wg_rl_cart_pole_continuous_with(wg_rl_cart_pole_continuous_options options)
{
    const double none = (double)INFINITY, low[] = {-2 * MAX_POSITION, -none, -2 * MAX_ANGLE, -none};
    const double high[] = {2 * MAX_POSITION, none, 2 * MAX_ANGLE, none}, push[] = {-1, 1};
    if (!environment_option_is_positive("cart_pole_continuous", "force", options.force))
        return NULL;
    return environment_of((wg_rl_dynamics){.name = "cart_pole_continuous",
                                           .observation = {4, low, high},
                                           .action = {1, &push[0], &push[1]},
                                           .state_size = sizeof(wg_rl_cart_pole_continuous_state),
                                           .reset = reset,
                                           .observe = observe,
                                           .step = step,
                                           .draw = draw,
                                           .view = {-2.7, -1.4, 5.4, 1.8}},
                          &options, sizeof options, options.limit);
}
