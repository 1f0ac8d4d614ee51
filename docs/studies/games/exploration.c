/* Exploration: noise on actions against noise on parameters. The motor of the mountain car is too weak for the hill: to reach the goal the car must be pushed in
   time with its swing, some 70 steps long. So it matters whether noise has a memory. The policy μ has actions near 0; what moves the car is
     independent noise, a = μ(s) + N(0, σ²);
     an Ornstein-Uhlenbeck process, a = μ(s) + x, x ← x - θx + noise, of the same deviation, which pushes the same way for about 7 steps;
     noise on parameters, a = μ̃(s), where μ̃ has the weights θ + N(0, σ²) for a whole episode: the same state has the same action.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Lillicrap and others, 2016; Plappert and others, 2018. */
#include "../study.h"

#include <math.h>

enum { INDEPENDENT, PROCESS, PARAMETERS, KINDS, LEVELS = 4, MAX_STEPS = 999, ROWS = 256 };
/* Of the actions, before they are cut to ±1. */
static const double level[LEVELS] = {0.25, 0.5, 0.75, 1};

struct explorer {
    wg_nn_module *policy;
    wg_rl_noise *noise;
    wg_rl_parameter_noise *parameters;
    wg_rl_actor *actor;
};

/* The weights of the last layer are divided by 100. */
static wg_nn_module *small_policy(void)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(2, 32), wg_nn_layer_norm(32), wg_nn_tanh(), wg_nn_linear(32, 32),
                                         wg_nn_layer_norm(32), wg_nn_tanh(), wg_nn_linear(32, 1), wg_nn_tanh());
    WG_TAPE(tape);
    WG_NO_GRAD;
    wg_tensor *weight = net ? wg_nn_parameter(net, "6.weight") : NULL, *bias = net ? wg_nn_parameter(net, "6.bias") : NULL;
    if (net && wg_assign(weight, wg_mul_scalar(weight, 0.01)) == WG_OK && wg_assign(bias, wg_mul_scalar(bias, 0)) == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* σ of noise on parameters is adapted until actions change by the deviation, over states of a swinging car: positions -1 … 0.2, rescaled speeds. */
static bool adapt(wg_rl_parameter_noise *noise)
{
    float row[ROWS][2];
    for (int i = 0; i < ROWS; i++) {
        row[i][0] = -1 + 1.2f * (float)(i % 16) / 15;
        row[i][1] = -0.5f + (float)(i / 16) / 15;
    }
    wg_tensor *states = wg_from(&row[0][0], WG_SHAPE(ROWS, 2));
    bool good = states != NULL;
    for (int i = 0; i < 300 && good; i++)
        good = wg_rl_parameter_noise_adapt(noise, states) == WG_OK;
    wg_free(states);
    return good;
}

/* End it also on failure. Control: the process has no memory, θ = 1. */
static bool make(const struct study_run *run, struct explorer *e, int kind, double deviation)
{
    const double theta = run->control ? 1 : 0.15, spread = sqrt(1 - (1 - theta) * (1 - theta)); /* σ of a process of deviation 1 */
    const uint64_t seed = 10 * run->seed + (uint64_t)kind;
    *e = (struct explorer){.policy = small_policy()};
    if (e->policy && kind == PARAMETERS)
        e->parameters = wg_rl_parameter_noise_create(e->policy, .target = deviation, .factor = 1.05, .seed = seed);
    else if (e->policy)
        e->noise = kind == PROCESS ? wg_rl_ornstein_uhlenbeck(1, 1, .sigma = deviation * spread, .theta = theta, .seed = seed)
                                   : wg_rl_gaussian(1, 1, .sigma = deviation, .seed = seed);
    if (e->parameters || e->noise)
        e->actor = wg_rl_actor_create(e->parameters ? wg_rl_parameter_noise_actor(e->parameters) : e->policy, 2, 1);
    return e->actor && (!e->parameters || adapt(e->parameters));
}

static void end(struct explorer *e)
{
    wg_rl_actor_destroy(e->actor);
    wg_rl_noise_destroy(e->noise);
    wg_rl_parameter_noise_destroy(e->parameters);
    wg_nn_destroy(e->policy);
}

struct tally {
    int reached, episodes;
    double steps, squares, neighbours; /* sums: steps to the goal; a² and a a' of the step before */
};

/* One episode from the environment's own start. path: its positions are written, at every fifth step. */
static bool episode(struct study_run *run, struct explorer *e, wg_rl_vector *envs, struct tally *tally, bool path)
{
    double action = 0;
    bool good = !e->parameters || wg_rl_parameter_noise_perturb(e->parameters) == WG_OK;
    for (int step = 0; step < MAX_STEPS && good; step++) {
        const double *seen = wg_rl_vector_observations(envs), before = action;
        good = (!path || step % 5 || study_row(run, "%d,%.4f", step, seen[0])) && wg_rl_act(e->actor, 1, seen, &action) == WG_OK &&
               (!e->noise || wg_rl_noise_add(e->noise, &action) == WG_OK) && wg_rl_vector_step(envs, &action) == WG_OK;
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        tally->squares += action * action;
        tally->neighbours += step > 0 ? action * before : 0;
        tally->reached += last->terminated[0];
        tally->steps += last->terminated[0] ? step + 1 : 0;
        if (last->terminated[0] || last->truncated[0])
            break;
    }
    tally->episodes++;
    return good && (!e->noise || wg_rl_noise_follow(e->noise, wg_rl_vector_last(envs)) == WG_OK);
}

static bool explore(struct study_run *run, const wg_rl_env *env, int kind, int at, struct tally *tally)
{
    static const char *const part[KINDS] = {"path_independent", "path_process", "path_parameters"};
    struct explorer e = {0};
    wg_rl_vector *envs = wg_rl_vector_create(env, 1, .seed = run->seed + 4);
    bool good = envs && make(run, &e, kind, level[at]) && (at != 1 || study_table(run, part[kind], "step,position"));
    for (int i = 0; i < (run->quick ? 25 : 400) && good; i++)
        good = episode(run, &e, envs, tally, at == 1 && i == 0);
    end(&e);
    wg_rl_vector_destroy(envs);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct tally of[KINDS][LEVELS] = {{{0}}};
    wg_rl_env *env = wg_rl_rescale(wg_rl_mountain_car_continuous(), NULL, (const double[]){1, 10}, 1);
    bool good = env && wg_seed(run->seed, 0) == WG_OK;
    for (int kind = 0; kind < KINDS && good; kind++)
        for (int at = run->quick; at < (run->quick ? 2 : LEVELS) && good; at++)
            good = explore(run, env, kind, at, &of[kind][at]);
    good = good && study_table(run, "exploration", "kind,deviation,reached,steps");
    for (int kind = 0; kind < KINDS; kind++)
        for (int at = 0; at < LEVELS && good; at++)
            good = !of[kind][at].episodes ||
                   study_row(run, "%d,%g,%.4f,%.1f", kind, level[at], (double)of[kind][at].reached / of[kind][at].episodes,
                             of[kind][at].steps / of[kind][at].reached);
    const struct tally *a = &of[INDEPENDENT][1], *b = &of[PROCESS][1], *c = &of[PARAMETERS][2], *d = &of[PROCESS][2];
    study_near(run, "correlation of neighbouring actions, independent noise", a->neighbours / a->squares, 0, 0.03);
    if (!run->quick)
        study_claim(
            run, c->reached > of[INDEPENDENT][2].reached && c->steps / c->reached < d->steps / d->reached,
            "noise on parameters of deviation 0.75 is all or nothing: the goal in %d of %d episodes, after %.0f steps on the mean; the process in %d, after %.0f",
            c->reached, c->episodes, c->steps / c->reached, d->reached, d->steps / d->reached);
#define TEXT \
    "the mountain car, noise of deviation 0.5 on actions: independent noise reaches the goal in %d of %d episodes, at most 1 %% expected; with a memory of 7 steps in %d, at least 20 %%"
    const bool decided = good && a->reached <= a->episodes / 100 && b->reached >= 0.2 * b->episodes;
    if (run->quick)
        study_reduced(run, decided, TEXT, a->reached, a->episodes, b->reached);
    else
        study_decide(run, decided, TEXT, a->reached, a->episodes, b->reached);
    wg_rl_env_destroy(env);
    return good;
}

const struct study study_exploration = {.name = "exploration", .control = "a process without memory, θ = 1", .run = run};
