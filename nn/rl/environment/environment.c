/* What the environments share: a copy of the options, the time limit, and checks. */
#include "environment.h"

static wg_rl_env *refused(const char *name, wg_status code, const char *text)
{
    char op[48];
    snprintf(op, sizeof op, "rl_%s", name);
    (void)wg_error_set(code, op, "%s: %s", op, text);
    return NULL;
}

wg_rl_env *environment_of(wg_rl_dynamics dynamics, const void *options, size_t size, int64_t limit)
{
    if (limit < 0)
        return refused(dynamics.name, WG_E_ARGUMENT, "expected .limit of at least 1, or 0 for none");
    dynamics.self = malloc(size);
    if (!dynamics.self)
        return refused(dynamics.name, WG_E_MEMORY, "out of memory");
    memcpy(dynamics.self, options, size);
    dynamics.destroy = free;
    wg_rl_env *env = wg_rl_env_create_with(dynamics);
    return limit == 0 || !env ? env : wg_rl_time_limit(env, limit);
}

static bool check(bool right, const char *name, const char *option, const char *expected, double value)
{
    char text[120];
    snprintf(text, sizeof text, "expected .%s %s, got %g", option, expected, value);
    if (!right)
        (void)refused(name, WG_E_ARGUMENT, text);
    return right;
}

bool environment_option_is_finite(const char *name, const char *option, double value)
{
    return check(isfinite(value), name, option, "to be finite", value);
}

bool environment_option_is_positive(const char *name, const char *option, double value)
{
    return check(value > 0 && isfinite(value), name, option, "above 0", value);
}
