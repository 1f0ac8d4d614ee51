/* Actor-critics that are linear in tiles. A step reads and writes the active tiles alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../rl.h"
#include "linear.h"
#include "wengert/error.h"

enum { THETA, W, V, Y, RANDOM, PARTS };

struct wg_rl_tiled {
    const wg_rl_tiles *tiles;
    wg_rl_tiled_options options;
    int64_t m, size, active;
    wg_tensor *part[PARTS];
    const char *name[PARTS];
    int64_t *here, *next;                       /* active tiles */
    double *mean, *next_mean, *deviation, *gap; /* of each action */
};

/* ---- making ---- */

static wg_status check_options(const wg_rl_tiled_options *o, const char *op)
{
    if (o->method != WG_RL_TILED_COPDAC && o->method != WG_RL_TILED_OPDAC && o->method != WG_RL_TILED_SAC)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .method to be a wg_rl_tiled_method, got %d", op, (int)o->method);
    if (!(o->sigma > 0 && o->sigma < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .sigma above 0, got %g", op, o->sigma);
    WG_TRY(linear_check_gamma(o->gamma, op));
    WG_TRY(linear_check_rate(o->actor_rate, op, "actor_rate"));
    WG_TRY(linear_check_rate(o->advantage_rate, op, "advantage_rate"));
    return linear_check_rate(o->value_rate, op, "value_rate");
}

static wg_status make_parts(wg_rl_tiled *agent)
{
    static const char *const names[] = {"theta", "w", "v", "y", "random"};
    const int64_t state[] = {(int64_t)agent->options.seed, 0, 0};
    for (int i = 0; i < PARTS; i++) {
        wg_tensor *made = i == RANDOM ? wg_from(state, WG_SHAPE(3))
                          : i == V    ? wg_zeros(WG_F64, WG_SHAPE(agent->size))
                                      : wg_zeros(WG_F64, WG_SHAPE(agent->m, agent->size));
        agent->name[i] = names[i];
        WG_TRY(rl_own(&agent->part[i], names[i], made));
    }
    return WG_OK;
}

static wg_status make(wg_rl_tiled *agent, const char *op)
{
    const size_t tiles = (size_t)agent->active, m = (size_t)agent->m;
    agent->here = malloc(2 * tiles * sizeof *agent->here);
    agent->mean = calloc(4 * m, sizeof *agent->mean);
    if (!agent->here || !agent->mean)
        return nn_no_memory(op);
    agent->next = agent->here + tiles;
    agent->next_mean = agent->mean + m, agent->deviation = agent->mean + 2 * m, agent->gap = agent->mean + 3 * m;
    WG_TRY(nn_seed(&agent->options.seed));
    return make_parts(agent);
}

wg_rl_tiled *wg_rl_tiled_create_with(const wg_rl_tiles *tiles, int64_t m, wg_rl_tiled_options options)
{
    const char *op = "rl_tiled_create";
    if (!tiles) {
        (void)nn_null_argument(op, "the tiles");
        return NULL;
    }
    if (m < 1 || m > 1 << 16) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected 1 to 65536 actions, got %lld", op, (long long)m);
        return NULL;
    }
    if (check_options(&options, op) != WG_OK)
        return NULL;
    wg_rl_tiled *agent = calloc(1, sizeof *agent);
    if (!agent) {
        (void)nn_no_memory(op);
        return NULL;
    }
    agent->tiles = tiles, agent->options = options, agent->m = m;
    agent->size = wg_rl_tiles_size(tiles), agent->active = wg_rl_tiles_active(tiles);
    const uint64_t before = nn_count_errors();
    if (make(agent, op) == WG_OK)
        return agent;
    nn_name_error(before, op);
    wg_rl_tiled_destroy(agent);
    return NULL;
}

void wg_rl_tiled_destroy(wg_rl_tiled *agent)
{
    if (!agent)
        return;
    for (int i = 0; i < PARTS; i++)
        wg_disown(agent->part[i]);
    free(agent->here), free(agent->mean);
    free(agent);
}

wg_tensor_list wg_rl_tiled_state(const wg_rl_tiled *agent)
{
    if (agent)
        return (wg_tensor_list){PARTS, agent->part, agent->name};
    (void)nn_null_argument("rl_tiled_state", "the agent");
    return (wg_tensor_list){0, NULL, NULL};
}

/* ---- acting ---- */

static double sum(const double *row, const int64_t *active, int64_t n)
{
    double total = 0;
    for (int64_t k = 0; k < n; k++)
        total += row[active[k]];
    return total;
}

static const double *row_of(const wg_rl_tiled *agent, int part, int64_t action)
{
    return (const double *)wg_data(agent->part[part]) + action * agent->size;
}

static double value_of(const wg_rl_tiled *agent, const int64_t *active)
{
    return sum(row_of(agent, V, 0), active, agent->active);
}

static void means_of(const wg_rl_tiled *agent, const int64_t *active, double *mean)
{
    for (int64_t j = 0; j < agent->m; j++)
        mean[j] = sum(row_of(agent, THETA, j), active, agent->active);
}

/* Of the actions that are explored with. */
static void deviations_of(const wg_rl_tiled *agent, const int64_t *active, double *deviation)
{
    const bool learnt = agent->options.method == WG_RL_TILED_SAC;
    for (int64_t j = 0; j < agent->m; j++)
        deviation[j] = agent->options.sigma * (learnt ? exp(sum(row_of(agent, Y, j), active, agent->active)) : 1);
}

static void explore_from(wg_rl_tiled *agent, double *action)
{
    int64_t *state = wg_data_mut(agent->part[RANDOM]);
    wg_rl_random random = {(uint64_t)state[0], (uint64_t)state[1], (uint64_t)state[2]};
    deviations_of(agent, agent->here, agent->deviation);
    for (int64_t j = 0; j < agent->m; j++)
        action[j] += agent->deviation[j] * wg_rl_normal(&random);
    state[2] = (int64_t)random.block;
}

static void clip_all(double *action, int64_t m)
{
    for (int64_t j = 0; j < m; j++)
        action[j] = fmax(-1, fmin(1, action[j]));
}

wg_status wg_rl_tiled_act(wg_rl_tiled *agent, const double *observation, bool explore, double *action)
{
    const char *op = "rl_tiled_act";
    if (!agent || !observation || !action)
        return nn_null_argument(op, !agent ? "the agent" : !observation ? "the observation" : "the action");
    const uint64_t before = nn_count_errors();
    const wg_status status = wg_rl_tiles_encode(agent->tiles, observation, agent->here);
    nn_name_error(before, op);
    WG_TRY(status);
    means_of(agent, agent->here, action);
    if (explore)
        explore_from(agent, action);
    clip_all(action, agent->m);
    return WG_OK;
}

wg_status wg_rl_tiled_policy(void *context, int64_t n, const double *observations, double *actions)
{
    const char *op = "rl_tiled_policy";
    wg_rl_tiled *agent = context;
    if (!agent || !observations || !actions)
        return nn_null_argument(op, !agent ? "the agent" : !observations ? "the observations" : "the actions");
    const int64_t axes = wg_rl_tiles_axes(agent->tiles);
    for (int64_t i = 0; i < n; i++)
        WG_TRY(wg_rl_tiled_act(agent, observations + i * axes, false, actions + i * agent->m));
    return WG_OK;
}

/* ---- learning ---- */

static void add(wg_rl_tiled *agent, int part, int64_t action, double amount)
{
    double *row = (double *)wg_data_mut(agent->part[part]) + action * agent->size;
    for (int64_t k = 0; k < agent->active; k++)
        row[agent->here[k]] += amount;
}

/* Σ_j a_j w_j x: what OPDAC's critic adds to V. */
static double linear_part(const wg_rl_tiled *agent, const double *action, const int64_t *active)
{
    double total = 0;
    for (int64_t j = 0; j < agent->m; j++)
        total += action[j] * sum(row_of(agent, W, j), active, agent->active);
    return total;
}

/* δ, with what the step reads in the agent's workspace. */
static double error_of(wg_rl_tiled *agent, const double *action, double reward, bool terminated)
{
    const wg_rl_tiled_method method = agent->options.method;
    means_of(agent, agent->here, agent->mean);
    for (int64_t j = 0; j < agent->m; j++)
        agent->gap[j] = action[j] - agent->mean[j];
    double q = value_of(agent, agent->here), follows = terminated ? 0 : value_of(agent, agent->next);
    if (method == WG_RL_TILED_COPDAC)
        q += linear_part(agent, agent->gap, agent->here);
    if (method == WG_RL_TILED_OPDAC)
        q += linear_part(agent, action, agent->here);
    if (method == WG_RL_TILED_OPDAC && !terminated) {
        means_of(agent, agent->next, agent->next_mean);
        follows += linear_part(agent, agent->next_mean, agent->next);
    }
    return reward + agent->options.gamma * follows - q;
}

/* A tile's ∇μ is 1 where it is active, so ∇μ (∇μᵀ w) = w x(s) there. */
static void learn_deterministic(wg_rl_tiled *agent, const double *features, double error)
{
    const wg_rl_tiled_options *o = &agent->options;
    for (int64_t j = 0; j < agent->m; j++) {
        const double slope = sum(row_of(agent, W, j), agent->here, agent->active);
        add(agent, THETA, j, o->actor_rate * slope);
        add(agent, W, j, o->advantage_rate * error * features[j]);
    }
}

/* Where a deviation has become too small, or too large, ∇ ln π is not finite. */
static wg_status check_gradient(wg_rl_tiled *agent, const char *op)
{
    deviations_of(agent, agent->here, agent->deviation);
    for (int64_t j = 0; j < agent->m; j++) {
        const double deviation = agent->deviation[j], z = agent->gap[j] / deviation;
        if (!isfinite(deviation) || !isfinite(z * z) || !isfinite(z / deviation))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the deviation of action %lld has become %g: lower .actor_rate", op,
                                (long long)j, deviation);
    }
    return WG_OK;
}

static void learn_stochastic(wg_rl_tiled *agent, double error)
{
    const double rate = agent->options.actor_rate * error;
    for (int64_t j = 0; j < agent->m; j++) {
        const double z = agent->gap[j] / agent->deviation[j];
        add(agent, THETA, j, rate * z / agent->deviation[j]);
        add(agent, Y, j, rate * (z * z - 1));
    }
}

static wg_status check_step(const wg_rl_tiled *agent, const double *observation, const double *action, double reward,
                            const double *next, const char *op)
{
    if (!agent || !observation || !action || !next)
        return nn_null_argument(op, !agent         ? "the agent"
                                    : !observation ? "the observation"
                                    : !action      ? "the action"
                                                   : "the next observation");
    bool finite = isfinite(reward);
    for (int64_t j = 0; j < agent->m; j++)
        finite = finite && isfinite(action[j]);
    return finite ? WG_OK : wg_error_set(WG_E_NUMERIC, op, "%s: expected a finite reward and a finite action", op);
}

wg_status wg_rl_tiled_step(wg_rl_tiled *agent, const double *observation, const double *action, double reward, const double *next,
                           bool terminated)
{
    const char *op = "rl_tiled_step";
    WG_TRY(check_step(agent, observation, action, reward, next, op));
    const uint64_t before = nn_count_errors();
    wg_status status = wg_rl_tiles_encode(agent->tiles, observation, agent->here);
    if (status == WG_OK)
        status = wg_rl_tiles_encode(agent->tiles, next, agent->next);
    nn_name_error(before, op);
    WG_TRY(status);
    const double error = error_of(agent, action, reward, terminated);
    if (!isfinite(error))
        return wg_error_set(WG_E_NUMERIC, op, "%s: the error is %g: lower the rates", op, error);
    if (agent->options.method == WG_RL_TILED_SAC)
        WG_TRY(check_gradient(agent, op));
    if (agent->options.method == WG_RL_TILED_SAC)
        learn_stochastic(agent, error);
    else
        learn_deterministic(agent, agent->options.method == WG_RL_TILED_COPDAC ? agent->gap : action, error);
    add(agent, V, 0, agent->options.value_rate * error);
    return WG_OK;
}
