/* The car in a valley of Gymnasium's MountainCarContinuous-v0, operation by operation. */
#include "environment.h"

#define LEFT_END (-1.2)
#define RIGHT_END 0.6
#define MAX_SPEED 0.07
#define GOAL 0.45

static void reset(const void *self, wg_rl_random *random, void *state)
{
    wg_rl_mountain_car_continuous_state *car = state;
    (void)self;
    car->position = wg_rl_uniform(random, -0.6, -0.4); /* not rounded, as there */
}

static void observe(const void *self, const void *state, double *observation)
{
    const wg_rl_mountain_car_continuous_state *car = state;
    (void)self;
    observation[0] = car->position;
    observation[1] = car->speed;
}

/* To f32. In memory that the compiler must use: gcc 12 at -O3 takes two conversions side by side, there and back, for nothing. */
static double rounded(double x)
{
    volatile float single = (float)x;
    return (double)single;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const wg_rl_mountain_car_continuous_options *o = self;
    wg_rl_mountain_car_continuous_state *car = state;
    (void)random;
    double position = car->position, speed = car->speed;
    const double force = clip(action[0], -1, 1);
    speed = clip(speed + (force * 0.0015 - 0.0025 * cos(3 * position)), -MAX_SPEED, MAX_SPEED);
    position = clip(position + speed, LEFT_END, RIGHT_END);
    if (position == LEFT_END && speed < 0)
        speed = 0;
    const bool there = position >= GOAL && speed >= 0;
    const double reward = (there ? 100.0 : 0.0) - square_by_pow(action[0]) * 0.1;
    car->position = o->f32 ? rounded(position) : position;
    car->speed = o->f32 ? rounded(speed) : speed;
    return (wg_rl_outcome){.reward = reward, .terminated = there};
}

/* The height is sin 3x; the hill is four cubic curves through points where its slope is known. */
static void draw(const void *self, const void *state, FILE *svg)
{
    const wg_rl_mountain_car_continuous_state *car = state;
    const double x = car->position, width = RIGHT_END - LEFT_END, part = width / 6;
    (void)self;
    fprintf(svg, "<path fill=\"#dfe6da\" stroke=\"#6b7f5e\" stroke-width=\".012\" d=\"M-1.25 .75V%.3f", -0.45 * sin(3 * LEFT_END));
    fprintf(svg, "L%.2f %.3f", LEFT_END, -0.45 * sin(3 * LEFT_END));
    for (int i = 0; i < 6; i++) {
        const double a = LEFT_END + i * part, b = a + part;
        fprintf(svg, "C%.3f %.3f %.3f %.3f %.3f %.3f", a + part / 3, -0.45 * (sin(3 * a) + part * cos(3 * a)), b - part / 3,
                -0.45 * (sin(3 * b) - part * cos(3 * b)), b, -0.45 * sin(3 * b));
    }
    fprintf(svg, "H.65V.75z\"/><path stroke=\"#c33\" stroke-width=\".015\" fill=\"#c33\" d=\"M.45 %.3fv-.2l-.1 .035l.1 .035\"/>",
            -0.45 * sin(3 * GOAL));
    fprintf(svg, "<g transform=\"translate(%.4f %.4f)rotate(%.2f)\">", x, -0.45 * sin(3 * x),
            -atan(1.35 * cos(3 * x)) * (180 / PI));
    fprintf(svg, "<path fill=\"#1b6ec2\" d=\"M-.08 -.03v-.045h.03l.02 -.03h.05l.025 .03h.035v.045z\"/>"
                 "<circle cx=\"-.045\" cy=\"-.022\" r=\".022\"/><circle cx=\".045\" cy=\"-.022\" r=\".022\"/></g>");
}

wg_rl_env *wg_rl_mountain_car_continuous_with(wg_rl_mountain_car_continuous_options options)
{
    /* Outermost values, rounded to f32 where that is further out: rounded states are within. */
    const double low[] = {(double)-1.2F, (double)-0.07F}, high[] = {(double)0.6F, (double)0.07F}, force[] = {-1, 1};
    return environment_of((wg_rl_dynamics){.name = "mountain_car_continuous",
                                           .observation = {2, low, high},
                                           .action = {1, &force[0], &force[1]},
                                           .state_size = sizeof(wg_rl_mountain_car_continuous_state),
                                           .reset = reset,
                                           .observe = observe,
                                           .step = step,
                                           .draw = draw,
                                           .view = {-1.25, -0.75, 1.9, 1.35}},
                          &options, sizeof options, options.limit);
}
