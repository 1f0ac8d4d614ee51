/* Environments: dynamics that are checked and copied. */
#include "env.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"

static const char op[] = "rl_env_create";

/* Each state of a vector's copies is held twice, and sizes are added up in size_t. */
enum { MAX_SIZE = 1 << 28 };

static wg_status check_box(const char *name, const wg_rl_box *box, const char *what)
{
    if (box->size < 1 || box->size > MAX_SIZE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected %s.size from 1 to %d, got %lld", op, name, what, MAX_SIZE,
                            (long long)box->size);
    for (int64_t i = 0; i < box->size; i++) {
        const double low = box->low ? box->low[i] : -(double)INFINITY, high = box->high ? box->high[i] : (double)INFINITY;
        if (!(low < high))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected %s.low below %s.high, got %g and %g at %lld", op, name, what,
                                what, low, high, (long long)i);
    }
    return WG_OK;
}

static wg_status check(const wg_rl_dynamics *d)
{
    if (!d->name)
        return wg_error_set(WG_E_NULL, op, "%s: the name is NULL", op);
    if (!d->name[0])
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the name is empty", op);
    if (!d->reset || !d->observe || !d->step)
        return wg_error_set(WG_E_NULL, op, "%s: %s: the function %s is NULL", op, d->name,
                            !d->reset     ? "reset"
                            : !d->observe ? "observe"
                                          : "step");
    if (d->state_size < 1 || d->state_size > MAX_SIZE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .state_size from 1 to %d, got %zu", op, d->name, MAX_SIZE,
                            d->state_size);
    WG_TRY(check_box(d->name, &d->observation, "observation"));
    return check_box(d->name, &d->action, "action");
}

/* Copies n bounds to *to, behind which the next go. */
static const double *copy_bounds(const double *from, int64_t n, double **to)
{
    double *copy = *to;
    if (!from)
        return NULL;
    memcpy(copy, from, (size_t)n * sizeof *copy);
    *to += n;
    return copy;
}

static wg_rl_env *copy_of(const wg_rl_dynamics *dynamics)
{
    const int64_t bounds = 2 * (dynamics->observation.size + dynamics->action.size);
    wg_rl_env *env = malloc(sizeof *env);
    if (!env)
        return NULL;
    *env = (wg_rl_env){
        .dynamics = *dynamics, .name = strdup(dynamics->name), .bounds = malloc((size_t)bounds * sizeof *env->bounds)};
    if (!env->name || !env->bounds) {
        free(env->name), free(env->bounds), free(env);
        return NULL;
    }
    double *to = env->bounds;
    wg_rl_box *const boxes[] = {&env->dynamics.observation, &env->dynamics.action};
    for (int i = 0; i < 2; i++) {
        boxes[i]->low = copy_bounds(boxes[i]->low, boxes[i]->size, &to);
        boxes[i]->high = copy_bounds(boxes[i]->high, boxes[i]->size, &to);
    }
    env->dynamics.name = env->name;
    return env;
}

wg_rl_env *wg_rl_env_create_with(wg_rl_dynamics dynamics)
{
    wg_rl_env *env = NULL;
    if (check(&dynamics) == WG_OK && !(env = copy_of(&dynamics)))
        (void)wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, dynamics.name);
    if (!env && dynamics.destroy)
        dynamics.destroy(dynamics.self);
    return env;
}

void wg_rl_env_destroy(wg_rl_env *env)
{
    if (!env)
        return;
    if (env->dynamics.destroy)
        env->dynamics.destroy(env->dynamics.self);
    free(env->name), free(env->bounds), free(env);
}

const wg_rl_dynamics *wg_rl_env_dynamics(const wg_rl_env *env)
{
    if (env)
        return &env->dynamics;
    (void)wg_error_set(WG_E_NULL, "rl_env_dynamics", "rl_env_dynamics: the environment is NULL");
    return NULL;
}
