/* Whether an environment keeps its contract: each of its functions is called twice, on memory with a margin behind it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "wengert/error.h"
#include "wengert/random.h"

enum { MARGIN = 64, FILL = 0xA5 };

static const char op[] = "rl_env_check";

/* Two of everything; the first is what the episode goes on with. */
struct check {
    const wg_rl_dynamics *d;
    char *state[2], *start;
    double *observation[2], *action;
    wg_rl_random random[2];
    int64_t step;
};

static wg_status broken(const struct check *c, const char *function, const char *what)
{
    return wg_error_set(WG_E_BUG, op, "%s: %s: step %lld: %s %s", op, c->d->name, (long long)c->step, function, what);
}

static size_t seen_bytes(const struct check *c)
{
    return (size_t)c->d->observation.size * sizeof(double);
}

static bool has_margin(const void *memory, size_t size)
{
    for (size_t i = 0; i < MARGIN; i++)
        if (((const unsigned char *)memory)[size + i] != FILL)
            return false;
    return true;
}

/* ---- the functions ---- */

static wg_status check_bounds(const struct check *c)
{
    const wg_rl_box *box = &c->d->observation;
    for (int64_t i = 0; i < box->size; i++) {
        const double x = c->observation[0][i], low = box->low ? box->low[i] : -(double)INFINITY;
        const double high = box->high ? box->high[i] : (double)INFINITY;
        if (!isfinite(x) || x < low || x > high)
            return wg_error_set(WG_E_BUG, op, "%s: %s: step %lld: expected observation %lld finite and in [%g, %g], got %g", op,
                                c->d->name, (long long)c->step, (long long)i, low, high, x);
    }
    return WG_OK;
}

/* Of the first state, which the second one equals. */
static wg_status check_observe(const struct check *c)
{
    for (int i = 0; i < 2; i++) {
        memset(c->observation[i], i == 0 ? FILL : 0, seen_bytes(c)); /* what is not written differs */
        c->d->observe(c->d->self, c->state[i], c->observation[i]);
        if (!has_margin(c->observation[i], seen_bytes(c)))
            return broken(c, "observe", "writes behind the observation");
    }
    if (memcmp(c->observation[0], c->observation[1], seen_bytes(c)) != 0)
        return broken(c, "observe", "gives two observations of one state, or leaves a number out");
    if (memcmp(c->state[0], c->state[1], c->d->state_size) != 0)
        return broken(c, "observe", "changes the state");
    return check_bounds(c);
}

static wg_status check_states(const struct check *c, const char *function)
{
    if (!has_margin(c->state[0], c->d->state_size))
        return broken(c, function, "writes behind the state");
    if (c->random[0].block != c->random[1].block)
        return broken(c, function, "draws different numbers from the same state: it remembers something outside of it");
    if (memcmp(c->state[0], c->state[1], c->d->state_size) != 0)
        return broken(c, function,
                      "gives different states for the same one: it remembers something outside of it, or draws elsewhere");
    return WG_OK;
}

static wg_status check_reset(struct check *c)
{
    c->random[1] = c->random[0];
    for (int i = 0; i < 2; i++) {
        memset(c->state[i], 0, c->d->state_size);
        c->d->reset(c->d->self, &c->random[i], c->state[i]);
    }
    WG_TRY(check_states(c, "reset"));
    return check_observe(c);
}

static wg_status check_step(struct check *c, bool *ends)
{
    wg_rl_outcome outcome[2];
    memcpy(c->start, c->state[0], c->d->state_size);
    c->random[1] = c->random[0];
    for (int i = 0; i < 2; i++) {
        memcpy(c->state[i], c->start, c->d->state_size);
        outcome[i] = c->d->step(c->d->self, &c->random[i], c->state[i], c->action);
    }
    WG_TRY(check_states(c, "step"));
    if (!isfinite(outcome[0].reward))
        return wg_error_set(WG_E_BUG, op, "%s: %s: step %lld: expected a finite reward, got %g", op, c->d->name, (long long)c->step,
                            outcome[0].reward);
    if (outcome[0].reward != outcome[1].reward || outcome[0].terminated != outcome[1].terminated ||
        outcome[0].truncated != outcome[1].truncated)
        return broken(c, "step", "gives different rewards or ends for the same state and action");
    *ends = outcome[0].terminated || outcome[0].truncated;
    return check_observe(c);
}

/* ---- episodes ---- */

/* Uniform within its bounds, normal where there are none. */
static void draw_action(const struct check *c, wg_rl_random *random)
{
    const wg_rl_box *box = &c->d->action;
    for (int64_t i = 0; i < box->size; i++) {
        const double low = box->low ? box->low[i] : -(double)INFINITY, high = box->high ? box->high[i] : (double)INFINITY;
        const double x = wg_rl_normal(random);
        c->action[i] = isfinite(low) && isfinite(high) ? wg_rl_uniform(random, low, high) : x < low ? low : x > high ? high : x;
    }
}

static wg_status check_episodes(struct check *c, const wg_rl_env_check_options *o)
{
    wg_rl_random actions = {.seed = o->seed, .stream = WG_STREAM_RL + 1};
    bool ends = true;
    c->random[0] = (wg_rl_random){.seed = o->seed, .stream = WG_STREAM_RL};
    for (c->step = 0; c->step < o->steps; c->step++) {
        if (ends)
            WG_TRY(check_reset(c));
        draw_action(c, &actions);
        WG_TRY(check_step(c, &ends));
    }
    return WG_OK;
}

/* ---- memory ---- */

static void *with_margin(size_t size)
{
    void *memory = aligned_alloc(64, (size + MARGIN + 63) & ~(size_t)63);
    if (memory)
        memset(memory, FILL, size + MARGIN);
    return memory;
}

static bool find_memory(struct check *c)
{
    const size_t size = c->d->state_size, seen = seen_bytes(c);
    for (int i = 0; i < 2; i++)
        c->state[i] = with_margin(size), c->observation[i] = with_margin(seen);
    c->start = with_margin(size);
    c->action = with_margin((size_t)c->d->action.size * sizeof(double));
    return c->state[0] && c->state[1] && c->start && c->observation[0] && c->observation[1] && c->action;
}

wg_status wg_rl_env_check_with(const wg_rl_env *env, wg_rl_env_check_options options)
{
    if (!env)
        return wg_error_set(WG_E_NULL, op, "%s: the environment is NULL", op);
    if (options.steps < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .steps of at least 1, got %lld", op, env->name,
                            (long long)options.steps);
    struct check check = {.d = &env->dynamics};
    const wg_status status = find_memory(&check) ? check_episodes(&check, &options)
                                                 : wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, env->name);
    for (int i = 0; i < 2; i++)
        free(check.state[i]), free(check.observation[i]);
    free(check.start), free(check.action);
    return status;
}
