/* Episodes of a limited number of steps. The state is the inner environment's, then the count of steps. */
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "wengert/error.h"

struct limit {
    wg_rl_env *env;
    int64_t steps;
    size_t at; /* where the count is in the state */
};

static void reset(const void *self, wg_rl_random *random, void *state)
{
    const wg_rl_dynamics *inner = &((const struct limit *)self)->env->dynamics;
    inner->reset(inner->self, random, state); /* the count is 0 */
}

static void observe(const void *self, const void *state, double *observation)
{
    const wg_rl_dynamics *inner = &((const struct limit *)self)->env->dynamics;
    inner->observe(inner->self, state, observation);
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const struct limit *limit = self;
    const wg_rl_dynamics *inner = &limit->env->dynamics;
    int64_t *count = (void *)((char *)state + limit->at);
    wg_rl_outcome outcome = inner->step(inner->self, random, state, action);
    *count += *count < INT64_MAX;
    if (*count >= limit->steps && !outcome.terminated)
        outcome.truncated = true;
    return outcome;
}

static void draw(const void *self, const void *state, FILE *svg)
{
    const wg_rl_dynamics *inner = &((const struct limit *)self)->env->dynamics;
    inner->draw(inner->self, state, svg);
}

static void destroy(void *self)
{
    struct limit *limit = self;
    wg_rl_env_destroy(limit->env);
    free(limit);
}

wg_rl_env *wg_rl_time_limit(wg_rl_env *env, int64_t steps)
{
    const char *op = "rl_time_limit";
    if (!env) {
        if (!wg_error_first())
            (void)wg_error_set(WG_E_NULL, op, "%s: the environment is NULL", op);
        return NULL;
    }
    struct limit *limit = malloc(sizeof *limit);
    if (!limit || steps < 1) {
        if (steps < 1)
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected at least 1 step, got %lld", op, env->name, (long long)steps);
        else
            (void)wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, env->name);
        free(limit);
        wg_rl_env_destroy(env);
        return NULL;
    }
    *limit = (struct limit){.env = env, .steps = steps, .at = (env->dynamics.state_size + 7) & ~(size_t)7};
    wg_rl_dynamics dynamics = env->dynamics;
    dynamics.state_size = limit->at + sizeof(int64_t);
    dynamics.reset = reset, dynamics.observe = observe, dynamics.step = step;
    dynamics.draw = env->dynamics.draw ? draw : NULL;
    dynamics.self = limit, dynamics.destroy = destroy;
    return wg_rl_env_create_with(dynamics);
}
