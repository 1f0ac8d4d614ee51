/* The puddle world of Sutton (1996) with two continuous actions, as in Silver and others (2014). */
#include "environment.h"

#define STRIDE 0.05
#define RADIUS 0.1
#define GOAL 1.9 /* x + y */

static const struct puddle {
    double x0, y0, x1, y1;
} puddles[] = {{0.1, 0.75, 0.45, 0.75}, {0.45, 0.4, 0.45, 0.8}};

/* How deep (x, y) is in a puddle: the points within RADIUS of a line. */
static double depth(const struct puddle *p, double x, double y)
{
    const double dx = p->x1 - p->x0, dy = p->y1 - p->y0;
    const double along = clip(((x - p->x0) * dx + (y - p->y0) * dy) / (dx * dx + dy * dy), 0, 1);
    const double distance = hypot(x - (p->x0 + along * dx), y - (p->y0 + along * dy));
    return distance < RADIUS ? RADIUS - distance : 0;
}

/* A place that is not the goal. */
static void reset(const void *self, wg_rl_random *random, void *state)
{
    wg_rl_puddle_world_state *at = state;
    (void)self;
    do
        at->x = wg_rl_uniform(random, 0, 1), at->y = wg_rl_uniform(random, 0, 1);
    while (at->x + at->y >= GOAL);
}

static void observe(const void *self, const void *state, double *observation)
{
    const wg_rl_puddle_world_state *at = state;
    (void)self;
    observation[0] = at->x, observation[1] = at->y;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const wg_rl_puddle_world_options *o = self;
    wg_rl_puddle_world_state *at = state;
    double moved[2];
    for (int i = 0; i < 2; i++) {
        moved[i] = clip(action[i], -STRIDE, STRIDE);
        if (o->noise > 0)
            moved[i] += o->noise * wg_rl_normal(random);
    }
    at->x = clip(at->x + moved[0], 0, 1);
    at->y = clip(at->y + moved[1], 0, 1);
    const double wet = depth(&puddles[0], at->x, at->y) + depth(&puddles[1], at->x, at->y);
    return (wg_rl_outcome){.reward = -1 - 400 * wet, .terminated = at->x + at->y >= GOAL};
}

static void draw(const void *self, const void *state, FILE *svg)
{
    const wg_rl_puddle_world_state *at = state;
    (void)self;
    fprintf(svg, "<path fill=\"#f4f1e8\" d=\"M0 0H1V1H0z\"/><path fill=\"#7bbf6a\" d=\"M1 0H.9L1 .1z\"/>");
    for (int i = 0; i < 2; i++)
        fprintf(svg, "<path stroke=\"#4a86c8\" stroke-width=\".2\" stroke-linecap=\"round\" d=\"M%g %gL%g %g\"/>", puddles[i].x0,
                1 - puddles[i].y0, puddles[i].x1, 1 - puddles[i].y1);
    fprintf(svg, "<circle r=\".02\" fill=\"#b3312c\" cx=\"%.4f\" cy=\"%.4f\"/>", at->x, 1 - at->y);
}

wg_rl_env *wg_rl_puddle_world_with(wg_rl_puddle_world_options options)
{
    const double zeros[] = {0, 0}, ones[] = {1, 1}, low[] = {-STRIDE, -STRIDE}, high[] = {STRIDE, STRIDE};
    if (!(options.noise >= 0 && isfinite(options.noise))) {
        (void)wg_error_set(WG_E_ARGUMENT, "rl_puddle_world", "rl_puddle_world: expected .noise of at least 0, got %g",
                           options.noise);
        return NULL;
    }
    return environment_of((wg_rl_dynamics){.name = "puddle_world",
                                           .observation = {2, zeros, ones},
                                           .action = {2, low, high},
                                           .state_size = sizeof(wg_rl_puddle_world_state),
                                           .reset = reset,
                                           .observe = observe,
                                           .step = step,
                                           .draw = draw,
                                           .view = {0, 0, 1, 1}},
                          &options, sizeof options, options.limit);
}
