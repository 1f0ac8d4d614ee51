/* A craft that lands on its legs: a rigid body in the plane, whose feet are springs with dampers. */
#include "environment.h"

#define SECONDS 0.05
#define PARTS 4 /* of a step */
#define GRAVITY 1.62
#define MAIN_POWER 4.0
#define SIDE_POWER 0.3
#define TURN_POWER 1.5
#define INERTIA 0.3
#define STIFFNESS 200.0
#define DAMPING 20.0
#define FRICTION 0.8
#define MAX_IMPACT 3.0
#define WIDTH 10.0
#define HEIGHT 8.0
#define FASTEST 5.0
#define STILL 0.1
#define STEPS_OF_REST 10

typedef wg_rl_lander_state lander;

struct point {
    double x, y;
};

static const struct point foot[] = {{-0.8, -0.7}, {0.8, -0.7}};
static const struct point corner[] = {{-0.45, -0.3}, {0.45, -0.3}, {0.35, 0.4}, {-0.35, 0.4}};

/* From the craft's centre to a point of it. */
static struct point rotated(struct point p, double angle)
{
    const double c = cos(angle), s = sin(angle);
    return (struct point){c * p.x - s * p.y, s * p.x + c * p.y};
}

/* ---- reward ---- */

/* The feet's height below the centre, so that y is 0 where the craft stands. */
static double height(const lander *s)
{
    return (s->y + foot[0].y) / HEIGHT;
}

static double shaping(const lander *s)
{
    const double x = s->x / WIDTH, y = height(s), vx = s->speed_x / FASTEST, vy = s->speed_y / FASTEST;
    return -100 * sqrt(x * x + y * y) - 100 * sqrt(vx * vx + vy * vy) - 100 * fabs(s->angle) + 10 * s->left + 10 * s->right;
}

/* ---- motion ---- */

/* What the ground does to a foot: adds its force and moment; false if it breaks. stood: it was on the ground before the step, and may press
   into it at any speed. */
static bool stand(const lander *s, struct point at, bool stood, double *fx, double *fy, double *moment)
{
    const struct point arm = rotated(at, s->angle);
    const double depth = -(s->y + arm.y), along = s->speed_x - s->spin * arm.y, up = s->speed_y + s->spin * arm.x;
    if (depth <= 0)
        return true;
    const double press = STIFFNESS * depth - DAMPING * up, normal = press > 0 ? press : 0;
    const double drag = -normal * clip(10 * along, -FRICTION, FRICTION);
    *fx += drag, *fy += normal;
    *moment += arm.x * normal - arm.y * drag;
    return stood || up >= -MAX_IMPACT;
}

/* A part of a step; false if the craft breaks. */
static bool move(lander *s)
{
    const double dt = SECONDS / PARTS, c = cos(s->angle), sine = sin(s->angle);
    const double thrust = MAIN_POWER * s->main, jet = SIDE_POWER * s->side;
    double fx = -sine * thrust + c * jet, fy = c * thrust + sine * jet - GRAVITY, moment = 0;
    const bool stands = stand(s, foot[0], s->left, &fx, &fy, &moment), stands_too = stand(s, foot[1], s->right, &fx, &fy, &moment);
    s->speed_x += dt * fx, s->speed_y += dt * fy;
    s->spin += dt * (moment / INERTIA - TURN_POWER * s->side);
    s->x += dt * s->speed_x, s->y += dt * s->speed_y, s->angle += dt * s->spin;
    for (int i = 0; i < 4; i++)
        if (s->y + rotated(corner[i], s->angle).y < 0)
            return false;
    return stands && stands_too;
}

static bool fly(lander *s)
{
    bool whole = true;
    for (int i = 0; i < PARTS && whole; i++)
        whole = move(s);
    s->left = s->y + rotated(foot[0], s->angle).y < 0;
    s->right = s->y + rotated(foot[1], s->angle).y < 0;
    return whole;
}

static bool is_still(const lander *s)
{
    return s->left && s->right && fabs(s->speed_x) < STILL && fabs(s->speed_y) < STILL && fabs(s->spin) < STILL;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    lander *s = state;
    (void)self, (void)random;
    const double before = shaping(s), main_engine = clip(action[0], -1, 1), jets = clip(action[1], -1, 1);
    s->main = main_engine > 0 ? 0.5 + 0.5 * main_engine : 0;
    s->side = fabs(jets) > 0.5 ? jets : 0;
    const bool lost = !fly(s) || fabs(s->x) >= WIDTH;
    s->rest = is_still(s) ? s->rest + 1 : 0;
    const bool rests = s->rest >= STEPS_OF_REST && !lost;
    const double reward = lost ? -100 : rests ? 100 : shaping(s) - before - 0.3 * s->main - 0.03 * fabs(s->side);
    return (wg_rl_outcome){.reward = reward, .terminated = lost || rests};
}

/* ---- the rest ---- */

static void reset(const void *self, wg_rl_random *random, void *state)
{
    lander *s = state;
    (void)self;
    s->x = wg_rl_uniform(random, -3, 3);
    s->y = wg_rl_uniform(random, 11, 13);
    s->speed_x = wg_rl_uniform(random, -2, 2);
    s->speed_y = wg_rl_uniform(random, -1.5, 0);
    s->angle = wg_rl_uniform(random, -0.2, 0.2);
    s->spin = wg_rl_uniform(random, -0.2, 0.2);
}

static void observe(const void *self, const void *state, double *observation)
{
    const lander *s = state;
    (void)self;
    observation[0] = s->x / WIDTH, observation[1] = height(s);
    observation[2] = s->speed_x / FASTEST, observation[3] = s->speed_y / FASTEST;
    observation[4] = s->angle, observation[5] = s->spin;
    observation[6] = s->left, observation[7] = s->right;
}

static void draw(const void *self, const void *state, FILE *svg)
{
    const lander *s = state;
    (void)self;
    fprintf(svg, "<path fill=\"#10131f\" d=\"M-10 -14H10V0H-10z\"/><path fill=\"#8d8d93\" d=\"M-10 0H10V1H-10z\"/>"
                 "<path stroke=\"#ffd24a\" stroke-width=\".1\" d=\"M-1.5 0v-1.1M1.5 0v-1.1\"/>"
                 "<path fill=\"#ffd24a\" d=\"M-1.5 -1.1l-.7 .25l.7 .25zM1.5 -1.1l.7 .25l-.7 .25z\"/>");
    fprintf(svg, "<g transform=\"translate(%.3f %.3f)rotate(%.2f)\">", s->x, -s->y, -s->angle * (180 / PI));
    if (s->main > 0)
        fprintf(svg, "<path fill=\"#ff8c2e\" d=\"M-.16 .32H.16L0 %.2fz\"/>", 0.4 + s->main);
    if (fabs(s->side) > 0)
        fprintf(svg, "<path fill=\"#9fd3ff\" d=\"M%.2f -.28v.2l%.2f -.1z\"/>", s->side > 0 ? -0.42 : 0.42, -0.6 * s->side);
    fprintf(svg,
            "<path fill=\"none\" stroke=\"#ccc\" stroke-width=\".08\" d=\"M-.35 .2L-.8 .68m-.16 0h.32M.35 .2L.8 .68m-.16 0h.32\"/>"
            "<path fill=\"#b9c3d9\" d=\"M-.45 .3H.45L.35 -.4H-.35z\"/><path fill=\"#3c6fb5\" d=\"M-.15 -.25h.3v.25h-.3z\"/></g>");
}

wg_rl_env *wg_rl_lander_with(wg_rl_lander_options options)
{
    const double none = (double)INFINITY, low[] = {-2, -1, -none, -none, -none, -none, 0, 0},
                 high[] = {2, none, none, none, none, none, 1, 1};
    const double least[] = {-1, -1}, most[] = {1, 1};
    return environment_of((wg_rl_dynamics){.name = "lander",
                                           .observation = {8, low, high},
                                           .action = {2, least, most},
                                           .state_size = sizeof(lander),
                                           .reset = reset,
                                           .observe = observe,
                                           .step = step,
                                           .draw = draw,
                                           .view = {-10, -14, 20, 15}},
                          &options, sizeof options, options.limit);
}
