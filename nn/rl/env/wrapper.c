/* Environments of other environments: other units, an action for several steps. The state is the inner environment's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "wengert/error.h"

struct wrapper {
    wg_rl_env *env;
    double reward;
    int64_t times;
    double *shift, *scale; /* of observations; NULL: none */
};

static const wg_rl_dynamics *inner_of(const void *self)
{
    return &((const struct wrapper *)self)->env->dynamics;
}

static void reset(const void *self, wg_rl_random *random, void *state)
{
    inner_of(self)->reset(inner_of(self)->self, random, state);
}

static void observe(const void *self, const void *state, double *observation)
{
    const struct wrapper *w = self;
    const wg_rl_dynamics *inner = inner_of(self);
    inner->observe(inner->self, state, observation);
    for (int64_t i = 0; w->scale && i < inner->observation.size; i++)
        observation[i] = (observation[i] - w->shift[i]) * w->scale[i];
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const struct wrapper *w = self;
    const wg_rl_dynamics *inner = inner_of(self);
    wg_rl_outcome all = {.reward = 0};
    for (int64_t i = 0; i < w->times && !all.terminated && !all.truncated; i++) {
        const wg_rl_outcome one = inner->step(inner->self, random, state, action);
        all.reward += w->reward * one.reward;
        all.terminated = one.terminated, all.truncated = one.truncated;
    }
    return all;
}

static void draw(const void *self, const void *state, FILE *svg)
{
    inner_of(self)->draw(inner_of(self)->self, state, svg);
}

static void destroy(void *self)
{
    struct wrapper *w = self;
    wg_rl_env_destroy(w->env);
    free(w->shift);
    free(w);
}

static wg_rl_env *refused(wg_rl_env *env, wg_status code, const char *op, const char *expected, double value)
{
    (void)wg_error_set(code, op, "%s: %s: %s, got %g", op, env->name, expected, value);
    wg_rl_env_destroy(env);
    return NULL;
}

static wg_rl_env *no_memory(wg_rl_env *env, const char *op)
{
    (void)wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, env->name);
    wg_rl_env_destroy(env);
    return NULL;
}

static bool given(const wg_rl_env *env, const char *op)
{
    if (!env && !wg_error_first())
        (void)wg_error_set(WG_E_NULL, op, "%s: the environment is NULL", op);
    return env != NULL;
}

/* With these bounds of observations, which are copied. */
static wg_rl_env *wrap(struct wrapper *w, const double *low, const double *high)
{
    wg_rl_dynamics dynamics = w->env->dynamics;
    dynamics.observation.low = low, dynamics.observation.high = high;
    dynamics.reset = reset, dynamics.observe = observe, dynamics.step = step;
    dynamics.draw = dynamics.draw ? draw : NULL;
    dynamics.self = w, dynamics.destroy = destroy;
    return wg_rl_env_create_with(dynamics);
}

wg_rl_env *wg_rl_repeat(wg_rl_env *env, int64_t times)
{
    const char *op = "rl_repeat";
    if (!given(env, op))
        return NULL;
    if (times < 1)
        return refused(env, WG_E_ARGUMENT, op, "expected at least 1 time", (double)times);
    struct wrapper *w = malloc(sizeof *w);
    if (!w)
        return no_memory(env, op);
    *w = (struct wrapper){.env = env, .reward = 1, .times = times};
    return wrap(w, env->dynamics.observation.low, env->dynamics.observation.high);
}

/* A bound of the new observations; that of a component without one is infinite. */
static void rescale_bounds(const struct wrapper *w, const double *bound, double otherwise, double *to)
{
    for (int64_t i = 0; i < w->env->dynamics.observation.size; i++)
        to[i] = ((bound ? bound[i] : otherwise) - w->shift[i]) * w->scale[i];
}

wg_rl_env *wg_rl_rescale(wg_rl_env *env, const double *shift, const double *scale, double reward)
{
    const char *op = "rl_rescale";
    if (!given(env, op))
        return NULL;
    const int64_t n = env->dynamics.observation.size;
    if (!(reward > 0 && isfinite(reward)))
        return refused(env, WG_E_ARGUMENT, op, "expected reward above 0", reward);
    for (int64_t i = 0; i < n; i++)
        if ((shift && !isfinite(shift[i])) || (scale && !(scale[i] > 0 && isfinite(scale[i]))))
            return refused(env, WG_E_ARGUMENT, op,
                           shift && !isfinite(shift[i]) ? "expected shift to be finite" : "expected scale above 0",
                           shift && !isfinite(shift[i]) ? shift[i] : scale[i]);
    struct wrapper *w = malloc(sizeof *w);
    double *numbers = malloc(4 * (size_t)n * sizeof *numbers); /* shift, scale; low, high, which are copied */
    if (!w || !numbers) {
        free(w), free(numbers);
        return no_memory(env, op);
    }
    *w = (struct wrapper){.env = env, .reward = reward, .times = 1, .shift = numbers, .scale = numbers + n};
    for (int64_t i = 0; i < n; i++)
        w->shift[i] = shift ? shift[i] : 0, w->scale[i] = scale ? scale[i] : 1;
    rescale_bounds(w, env->dynamics.observation.low, -(double)INFINITY, numbers + 2 * n);
    rescale_bounds(w, env->dynamics.observation.high, (double)INFINITY, numbers + 3 * n);
    return wrap(w, numbers + 2 * n, numbers + 3 * n);
}
