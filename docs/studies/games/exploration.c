/* Exploration: noise on actions against noise on parameters, on the mountain car, whose motor is too weak for the hill. To reach the goal the car must be pushed in
   time with its swing, for many steps; so it matters whether noise has a memory.

   Actions: a = μ(s) + x, with x independent from step to step, or an Ornstein-Uhlenbeck process (Lillicrap and others, 2016). Parameters: a = μ̃(s), the network
   with weights θ + σ N(0, 1) for a whole episode (Plappert and others, 2018). */
#include "../study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDEPENDENT, PROCESS, PARAMETERS, KINDS, LEVELS = 4, MAX_STEPS = 999, ROWS = 256 };
static const char *const kind_name[KINDS] = {"independent", "process", "parameters"};
/* Of the actions that are explored, before they are cut to ±1. */
static const double level[LEVELS] = {0.25, 0.5, 0.75, 1};

struct explorer {
    int kind;
    double deviation;
    wg_nn_module *policy; /* of actions near 0 */
    wg_rl_noise *noise;
    wg_rl_parameter_noise *parameters;
    wg_rl_actor *actor;
};

/* ---- three ways to explore ---- */

static wg_nn_module *small_policy(void)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 32), wg_nn_layer_norm(32), wg_nn_tanh(), wg_nn_linear(32, 32),
                                         wg_nn_layer_norm(32), wg_nn_tanh(), wg_nn_linear(32, 1), wg_nn_tanh());
    float *weight = net ? wg_data_mut_as(wg_nn_parameter(net, "6.weight"), float) : NULL;
    float *bias = net ? wg_data_mut_as(wg_nn_parameter(net, "6.bias"), float) : NULL;
    for (int i = 0; weight && i < 32; i++)
        weight[i] *= 0.01f;
    if (bias)
        *bias = 0;
    return net;
}

/* States of a swinging car, over which actions are compared: positions -1 … 0.2, speeds as rescaled. */
static wg_tensor *some_states(void)
{
    float row[ROWS][2];
    for (int i = 0; i < ROWS; i++)
        row[i][0] = -1 + 1.2f * (float)(i % 16) / 15, row[i][1] = -0.5f + (float)(i / 16) / 15;
    return wg_from(&row[0][0], WG_SHAPE(ROWS, 2));
}

static bool adapt(struct explorer *e)
{
    wg_tensor *states = some_states();
    bool good = states != NULL;
    for (int i = 0; i < 300 && good; i++)
        good = wg_rl_parameter_noise_adapt(e->parameters, states) == WG_OK;
    wg_free(states);
    return good;
}

static bool make(struct explorer *e, int kind, double deviation, uint64_t seed)
{
    const double theta = 0.15, spread = sqrt(1 - (1 - theta) * (1 - theta)); /* σ of a process of deviation 1 in the long run */
    *e = (struct explorer){.kind = kind, .deviation = deviation, .policy = small_policy()};
    if (!e->policy)
        return false;
    if (kind == PARAMETERS) {
        e->parameters = wg_rl_parameter_noise_create(e->policy, .target = deviation, .factor = 1.05, .seed = seed);
        e->actor = e->parameters ? wg_rl_actor_create(wg_rl_parameter_noise_actor(e->parameters), 2, 1) : NULL;
        return e->actor && adapt(e);
    }
    e->noise = kind == PROCESS ? wg_rl_ornstein_uhlenbeck(1, 1, .sigma = deviation * spread, .theta = theta, .seed = seed)
                               : wg_rl_gaussian(1, 1, .sigma = deviation, .seed = seed);
    e->actor = e->noise ? wg_rl_actor_create(e->policy, 2, 1) : NULL;
    return e->actor != NULL;
}

static void end(struct explorer *e)
{
    wg_rl_actor_destroy(e->actor), wg_rl_noise_destroy(e->noise), wg_rl_parameter_noise_destroy(e->parameters);
    wg_nn_destroy(e->policy);
}

static bool act(struct explorer *e, const double *observation, double *action)
{
    return wg_rl_act(e->actor, 1, observation, action) == WG_OK && (!e->noise || wg_rl_noise_add(e->noise, action) == WG_OK);
}

/* ---- episodes ---- */

struct tally {
    int reached, episodes;
    double actions, squares, neighbours; /* sums over steps: 1, a², a a' of the step before */
    double top, steps;                   /* sums of the highest positions, and of the steps to the goal */
};

/* One episode from the environment's own start. trace: rows of positions are written. */
static bool episode(struct study_run *run, struct explorer *e, wg_rl_vector *envs, struct tally *tally, bool trace)
{
    double action, before = 0, top = -2;
    bool good = !e->parameters || wg_rl_parameter_noise_perturb(e->parameters) == WG_OK;
    for (int step = 0; step < MAX_STEPS && good; step++) {
        const double position = wg_rl_vector_observations(envs)[0];
        if (trace)
            good = study_row(run, "%s path,%d,%.5f", kind_name[e->kind], step, position);
        top = fmax(top, position);
        good = good && act(e, wg_rl_vector_observations(envs), &action) && wg_rl_vector_step(envs, &action) == WG_OK;
        if (!good)
            break;
        tally->actions += 1, tally->squares += action * action, tally->neighbours += step > 0 ? action * before : 0;
        before = action;
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        tally->reached += last->terminated[0];
        tally->steps += last->terminated[0] ? step + 1 : 0;
        if (last->terminated[0] || last->truncated[0])
            break;
    }
    tally->top += top;
    tally->episodes++;
    return good && (!e->noise || wg_rl_noise_follow(e->noise, wg_rl_vector_last(envs)) == WG_OK);
}

static bool explore(struct study_run *run, const wg_rl_env *env, int kind, int at, struct tally *tally)
{
    const int episodes = run->quick ? 40 : 400;
    struct explorer e;
    wg_rl_vector *envs = wg_rl_vector_create(env, 1, .seed = 5);
    bool good = envs && make(&e, kind, level[at], (uint64_t)(10 + kind));
    *tally = (struct tally){.reached = 0};
    for (int i = 0; i < episodes && good; i++)
        good = episode(run, &e, envs, tally, at == 1 && i == 0);
    if (good)
        good = study_row(run, "%s,%g,%.5f,%.5f,%.5f,%.5f", kind_name[kind], level[at], (double)tally->reached / episodes,
                         sqrt(tally->squares / tally->actions), tally->neighbours / tally->squares, tally->top / episodes);
    if (envs)
        end(&e);
    wg_rl_vector_destroy(envs);
    return good;
}

/* ---- claims ---- */

/* Twice the same state in one episode. */
static bool same_state(struct study_run *run)
{
    const double state[] = {-0.5, 0.1};
    double first, second, change[KINDS] = {0};
    for (int kind = 0; kind < KINDS; kind++) {
        struct explorer e;
        bool good = make(&e, kind, 0.5, 3) && (!e.parameters || wg_rl_parameter_noise_perturb(e.parameters) == WG_OK);
        for (int i = 0; i < 50 && good; i++) {
            good = act(&e, state, &first) && act(&e, state, &second);
            change[kind] += (second - first) * (second - first) / 50;
        }
        end(&e);
        if (!good)
            return false;
    }
    study_claim(
        run, change[PARAMETERS] == 0 && change[INDEPENDENT] > 0.1,
        "in one episode the same state has the same action with noise on parameters; with independent noise they differ by %.2f",
        sqrt(change[INDEPENDENT]));
    return true;
}

static void judge(struct study_run *run, struct tally of[KINDS][LEVELS])
{
    const struct tally *a = &of[INDEPENDENT][1], *b = &of[PROCESS][1];
    study_claim(run, a->reached == 0, "independent noise of deviation %g reaches the goal in %d of %d episodes (expected 0)",
                level[1], a->reached, a->episodes);
    study_claim(
        run, b->top > a->top && of[PROCESS][3].reached > of[INDEPENDENT][3].reached,
        "noise with a memory gets higher: %.3f against %.3f on the mean; at deviation %g it reaches the goal in %d of %d episodes, "
        "independent noise in %d",
        b->top / b->episodes, a->top / a->episodes, level[3], of[PROCESS][3].reached, b->episodes, of[INDEPENDENT][3].reached);
    const struct tally *p = &of[PROCESS][2], *q = &of[PARAMETERS][2];
    study_claim(
        run, q->reached > of[INDEPENDENT][2].reached && q->steps / q->reached < p->steps / p->reached,
        "noise on parameters is all or nothing: at deviation %g it reaches the goal in %d of %d episodes (independent noise in %d), but then in %.0f "
        "steps on the mean; the process in %d, in %.0f steps",
        level[2], q->reached, q->episodes, of[INDEPENDENT][2].reached, q->steps / q->reached, p->reached, p->steps / p->reached);
    study_near(run, "correlation of neighbouring actions, independent", a->neighbours / a->squares, 0, 0.03);
    study_near(run, "correlation of neighbouring actions, process with θ = 0.15", b->neighbours / b->squares, 0.85, 0.05);
    for (int at = 0; at < 2; at++)
        study_near(run, "σ adapts: deviation of actions of noise on parameters",
                   sqrt(of[PARAMETERS][at].squares / of[PARAMETERS][at].actions), level[at], 0.4 * level[at]);
}

static bool run(struct study_run *run, const void *options)
{
    const double scale[] = {1, 10};
    struct tally of[KINDS][LEVELS];
    (void)options;
    if (wg_seed(1, 0) != WG_OK)
        return false;
    wg_rl_env *env = wg_rl_rescale(wg_rl_mountain_car_continuous(), NULL, scale, 1);
    bool good = env && study_row(run, "kind,deviation,reached,actions,neighbours,top");
    for (int kind = 0; kind < KINDS && good; kind++)
        for (int at = 0; at < LEVELS && good; at++)
            good = explore(run, env, kind, at, &of[kind][at]);
    if (good)
        judge(run, of);
    good = good && same_state(run);
    wg_rl_env_destroy(env);
    return good;
}

const struct study study_exploration = {
    .name = "exploration",
    .details =
        "Claims: on the mountain car, from a policy that does nothing, independent noise on actions never reaches the goal; noise of the same size with a\n"
        "memory does; noise on the policy's parameters does the same thing in the same state for a whole episode, and so reaches it soon or not at all.",
    .run = run,
};
