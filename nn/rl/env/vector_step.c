/* Steps and first states of copies of an environment. */
#include <math.h>
#include <string.h>

#include "vector.h"
#include "wengert/error.h"

/* Where the copies start, and whether that is a step or a new episode for each. */
struct job {
    wg_rl_vector *vector;
    const char *states;
    const wg_rl_random *random;
    const double *totals;
    const int64_t *lengths;
};

wg_status vector_parts(const wg_rl_vector *vector, void *at[PARTS])
{
    for (int i = 0; i < PARTS; i++)
        if (!(at[i] = wg_data_mut(vector->part[i])))
            return wg_error_first() ? wg_error_first()->code : WG_E_STATE;
    return WG_OK;
}

int64_t vector_not_finite(const wg_rl_vector *vector, const double *observation)
{
    for (int64_t i = 0; i < vector->dynamics->observation.size; i++)
        if (!isfinite(observation[i]))
            return i;
    return -1;
}

/* ---- one copy ---- */

static void begin_episode(wg_rl_vector *v, int64_t copy)
{
    const wg_rl_dynamics *d = v->dynamics;
    char *state = v->state + (size_t)copy * v->stride;
    double *first = v->first + copy * d->observation.size;
    memset(state, 0, v->stride);
    d->reset(d->self, &v->random[copy], state);
    d->observe(d->self, state, first);
    if (vector_not_finite(v, first) >= 0)
        v->fault[copy] = BAD_FIRST;
}

static void step_copy(const struct job *job, int64_t copy)
{
    wg_rl_vector *v = job->vector;
    const wg_rl_dynamics *d = v->dynamics;
    const struct rows *rows = &v->coming;
    const int64_t seen = d->observation.size;
    char *state = v->state + (size_t)copy * v->stride;
    double *next = rows->next + copy * seen;
    memcpy(state, job->states + (size_t)copy * v->stride, v->stride);
    const wg_rl_outcome outcome = d->step(d->self, &v->random[copy], state, v->scaled + copy * d->action.size);
    d->observe(d->self, state, next);
    rows->reward[copy] = outcome.reward;
    rows->terminated[copy] = outcome.terminated, rows->truncated[copy] = outcome.truncated;
    rows->total[copy] = job->totals[copy] + outcome.reward;
    rows->length[copy] = job->lengths[copy] + 1;
    v->fault[copy] = !isfinite(outcome.reward) ? BAD_REWARD : vector_not_finite(v, next) >= 0 ? BAD_NEXT : NO_FAULT;
    if (v->fault[copy] != NO_FAULT)
        return;
    if (outcome.terminated || outcome.truncated)
        begin_episode(v, copy);
    else
        memcpy(v->first + copy * seen, next, (size_t)seen * sizeof *next);
}

static void do_steps(void *context, int64_t first, int64_t n)
{
    const struct job *job = context;
    memcpy(job->vector->random + first, job->random + first, (size_t)n * sizeof *job->random);
    for (int64_t i = first; i < first + n; i++)
        step_copy(job, i);
}

static void do_resets(void *context, int64_t first, int64_t n)
{
    const struct job *job = context;
    memcpy(job->vector->random + first, job->random + first, (size_t)n * sizeof *job->random);
    for (int64_t i = first; i < first + n; i++) {
        job->vector->fault[i] = NO_FAULT;
        begin_episode(job->vector, i);
    }
}

/* ---- all copies ---- */

static wg_status check_faults(const wg_rl_vector *v, const char *op)
{
    const int64_t seen = v->dynamics->observation.size;
    for (int64_t i = 0; i < v->n; i++) {
        if (v->fault[i] == NO_FAULT)
            continue;
        if (v->fault[i] == BAD_REWARD)
            return wg_error_set(WG_E_NUMERIC, op, "%s: %s: copy %lld: the reward is %g", op, v->dynamics->name, (long long)i,
                                v->coming.reward[i]);
        const double *observation = (v->fault[i] == BAD_NEXT ? v->coming.next : v->first) + i * seen;
        const int64_t bad = vector_not_finite(v, observation);
        return wg_error_set(WG_E_NUMERIC, op, "%s: %s: copy %lld: observation %lld of %s state is %g", op, v->dynamics->name,
                            (long long)i, (long long)bad, v->fault[i] == BAD_NEXT ? "the new" : "an episode's first",
                            observation[bad]);
    }
    return WG_OK;
}

static wg_status run(wg_rl_vector *v, void *const at[PARTS], pool_work *work, const char *op)
{
    struct job job = {v, at[STATES], at[RANDOM], at[TOTALS], at[LENGTHS]};
    if (!pool_run(v->pool, work, &job, v->n))
        return wg_error_set(WG_E_BUG, op, "%s: %s: a function of the environment ended its thread", op, v->dynamics->name);
    return check_faults(v, op);
}

static void commit(const wg_rl_vector *v, void *const at[PARTS])
{
    memcpy(at[STATES], v->state, (size_t)v->n * v->stride);
    memcpy(at[RANDOM], v->random, (size_t)v->n * sizeof *v->random);
    memcpy(at[OBSERVATIONS], v->first, (size_t)(v->n * v->dynamics->observation.size) * sizeof *v->first);
}

static wg_status missing(const char *op, const char *what)
{
    return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, what);
}

wg_status vector_reset(wg_rl_vector *vector, const char *op)
{
    void *at[PARTS];
    WG_TRY(vector_parts(vector, at));
    WG_TRY(run(vector, at, do_resets, op));
    commit(vector, at);
    memset(at[TOTALS], 0, (size_t)vector->n * sizeof(double));
    memset(at[LENGTHS], 0, (size_t)vector->n * sizeof(int64_t));
    return WG_OK;
}

wg_status wg_rl_vector_reset(wg_rl_vector *vector)
{
    return vector ? vector_reset(vector, "rl_vector_reset") : missing("rl_vector_reset", "vector is");
}

/* ---- actions ---- */

/* An action in the environment's units, within its bounds; NaN if it is out of range. */
static double scaled(const wg_rl_vector *v, int64_t component, double a)
{
    const wg_rl_box *box = &v->dynamics->action;
    const double low = box->low ? box->low[component] : -(double)INFINITY;
    const double high = box->high ? box->high[component] : (double)INFINITY;
    if (isnan(v->half[component]))
        return isfinite(a) && a >= low && a <= high ? a : (double)NAN;
    const double x = v->middle[component] + v->half[component] * a; /* rounding may step over a bound */
    return !(a >= -1 && a <= 1) ? (double)NAN : x < low ? low : x > high ? high : x;
}

static wg_status scale_all(const wg_rl_vector *v, const double *actions, const char *op)
{
    const int64_t size = v->dynamics->action.size;
    for (int64_t i = 0; i < v->n; i++)
        for (int64_t k = 0; k < size; k++) {
            v->scaled[i * size + k] = scaled(v, k, actions[i * size + k]);
            if (isnan(v->scaled[i * size + k]))
                return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: copy %lld: expected action %lld %s, got %g", op, v->dynamics->name,
                                    (long long)i, (long long)k, isnan(v->half[k]) ? "finite and within its bounds" : "in [-1, 1]",
                                    actions[i * size + k]);
        }
    return WG_OK;
}

/* ---- a step ---- */

static void publish(wg_rl_vector *v)
{
    const struct rows rows = v->coming;
    v->coming = v->last;
    v->last = rows;
    v->lent = (wg_rl_transitions){.n = v->n,
                                  .observation_size = v->env->dynamics.observation.size,
                                  .action_size = v->env->dynamics.action.size,
                                  .observation = rows.observation,
                                  .action = rows.action,
                                  .reward = rows.reward,
                                  .next = rows.next,
                                  .terminated = rows.terminated,
                                  .truncated = rows.truncated,
                                  .total = rows.total,
                                  .length = rows.length};
}

wg_status wg_rl_vector_step(wg_rl_vector *vector, const double *actions)
{
    const char *op = "rl_vector_step";
    void *at[PARTS];
    if (!vector || !actions)
        return missing(op, vector ? "actions are" : "vector is");
    WG_TRY(scale_all(vector, actions, op));
    WG_TRY(vector_parts(vector, at));
    WG_TRY(run(vector, at, do_steps, op));
    const struct rows *rows = &vector->coming;
    const size_t seen = (size_t)(vector->n * vector->dynamics->observation.size);
    memcpy(rows->observation, at[OBSERVATIONS], seen * sizeof(double));
    memcpy(rows->action, actions, (size_t)(vector->n * vector->dynamics->action.size) * sizeof(double));
    commit(vector, at);
    for (int64_t i = 0; i < vector->n; i++) {
        const bool ended = rows->terminated[i] || rows->truncated[i];
        ((double *)at[TOTALS])[i] = ended ? 0 : rows->total[i];
        ((int64_t *)at[LENGTHS])[i] = ended ? 0 : rows->length[i];
    }
    publish(vector);
    return WG_OK;
}
