/* Evaluation: whole episodes of a policy, side by side, from the same starts. */
#include "policy.h"

#include <math.h>
#include <stdlib.h>

#include "../../module/module.h"
#include "wengert/error.h"
#include "wengert/rl/vector.h"

/* ---- scores ---- */

static wg_status check_returns(const void *a, const void *score, int64_t n, const char *op)
{
    if (!a || !score)
        return nn_null_argument(op, a ? "the score" : "the array of returns");
    return n >= 1 ? WG_OK : wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 return, got %lld", op, (long long)n);
}

/* Of b - a, or of b where a is NULL. */
static wg_rl_score score_of(const double *a, const double *b, int64_t n)
{
    wg_rl_score s = {.least = INFINITY, .largest = -INFINITY, .length = NAN, .episodes = n};
    double mean = 0, squares = 0; /* Welford, 1962 */
    for (int64_t i = 0; i < n; i++) {
        const double x = a ? b[i] - a[i] : b[i], before = mean;
        mean += (x - mean) / (double)(i + 1);
        squares += (x - before) * (x - mean);
        s.least = fmin(s.least, x);
        s.largest = fmax(s.largest, x);
    }
    s.mean = mean;
    s.deviation = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    s.error = s.deviation / sqrt((double)n);
    return s;
}

wg_status wg_rl_score_of(const double *returns, int64_t n, wg_rl_score *score)
{
    WG_TRY(check_returns(returns, score, n, "rl_score_of"));
    *score = score_of(NULL, returns, n);
    return WG_OK;
}

wg_status wg_rl_score_paired(const double *a, const double *b, int64_t n, wg_rl_score *score)
{
    WG_TRY(check_returns(a && b ? a : NULL, score, n, "rl_score_paired"));
    *score = score_of(a, b, n);
    return WG_OK;
}

/* ---- episodes ---- */

struct evaluation {
    wg_rl_vector *envs;
    wg_rl_policy *policy;
    void *context;
    int64_t episodes, ended;
    double *actions, *returns, length;
    bool *done;
};

/* Notes the copies whose first episode has ended. */
static void note(struct evaluation *e)
{
    const wg_rl_transitions *t = wg_rl_vector_last(e->envs);
    for (int64_t i = 0; i < e->episodes; i++)
        if (!e->done[i] && (t->terminated[i] || t->truncated[i])) {
            e->done[i] = true;
            e->returns[i] = t->total[i];
            e->length += (double)t->length[i];
            e->ended++;
        }
}

static wg_status run(struct evaluation *e, int64_t max_steps, const char *op)
{
    for (int64_t step = 0; step < max_steps && e->ended < e->episodes; step++) {
        const wg_status status = e->policy(e->context, e->episodes, wg_rl_vector_observations(e->envs), e->actions);
        if (status != WG_OK)
            return wg_error_first() ? status : wg_error_set(status, op, "%s: the policy failed in step %lld", op, (long long)step);
        WG_TRY(wg_rl_vector_step(e->envs, e->actions));
        note(e);
    }
    if (e->ended == e->episodes)
        return WG_OK;
    return wg_error_set(WG_E_STATE, op,
                        "%s: %lld of %lld episodes have not ended after %lld steps: wrap the environment by wg_rl_time_limit", op,
                        (long long)(e->episodes - e->ended), (long long)e->episodes, (long long)max_steps);
}

static wg_status start(struct evaluation *e, const wg_rl_env *env, const char *starts)
{
    const size_t size = wg_rl_env_dynamics(env)->state_size;
    for (int64_t i = 0; starts && i < e->episodes; i++)
        WG_TRY(wg_rl_vector_start(e->envs, i, starts + (size_t)i * size));
    return WG_OK;
}

static wg_status evaluate(struct evaluation *e, const wg_rl_env *env, const wg_rl_evaluate_options *o, const char *op)
{
    const wg_rl_dynamics *dynamics = wg_rl_env_dynamics(env);
    e->envs = wg_rl_vector_create(env, o->episodes, .seed = o->seed);
    e->actions = calloc((size_t)(o->episodes * dynamics->action.size), sizeof(double));
    e->returns = calloc((size_t)o->episodes, sizeof(double));
    e->done = calloc((size_t)o->episodes, sizeof(bool));
    if (!e->envs)
        return nn_first_error(WG_E_MEMORY);
    if (!e->actions || !e->returns || !e->done)
        return nn_no_memory(op);
    WG_TRY(start(e, env, o->starts));
    return run(e, o->max_steps, op);
}

static wg_status check(const wg_rl_env *env, wg_rl_policy *policy, const void *context, const wg_rl_score *score,
                       const wg_rl_evaluate_options *o, const char *op)
{
    if (!env || !policy || !score)
        return nn_null_argument(op, !env ? "the environment" : !policy ? "the policy" : "the score");
    if (o->episodes < 1 || o->episodes > INT32_MAX || o->max_steps < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s of at least 1 (and .episodes below 2^31), got %lld", op,
                            o->max_steps >= 1 ? ".episodes" : ".max_steps",
                            (long long)(o->max_steps >= 1 ? o->episodes : o->max_steps));
    const wg_rl_dynamics *dynamics = wg_rl_env_dynamics(env);
    if (policy == wg_rl_act && context)
        return actor_check_sizes(context, dynamics->observation.size, dynamics->action.size, op);
    return WG_OK;
}

wg_status wg_rl_evaluate_with(const wg_rl_env *env, wg_rl_policy *policy, void *context, wg_rl_score *score,
                              wg_rl_evaluate_options o)
{
    const char *op = "rl_evaluate";
    WG_TRY(check(env, policy, context, score, &o, op));
    struct evaluation e = {.policy = policy, .context = context, .episodes = o.episodes};
    const wg_status status = evaluate(&e, env, &o, op);
    if (status == WG_OK) {
        *score = score_of(NULL, e.returns, o.episodes);
        score->length = e.length / (double)o.episodes;
        for (int64_t i = 0; o.returns && i < o.episodes; i++)
            o.returns[i] = e.returns[i];
    }
    wg_rl_vector_destroy(e.envs);
    free(e.actions), free(e.returns), free(e.done);
    return status;
}
