/* Copies of an environment: making them, and what is asked of them. */
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/random.h"
#include "wengert/runtime.h"

enum { MAX_COPIES = 1 << 20, MAX_THREADS = 1024, ALIGNMENT = 64, FEW = 32 };

static const char *const part_name[PARTS] = {"states", "random", "observations", "totals", "lengths"};

/* ---- making ---- */

/* An array of that many bytes behind those before it; with memory NULL only the size is added up. */
static void *array(wg_rl_vector *vector, size_t *used, int64_t n, size_t size)
{
    void *at = vector->memory ? vector->memory + *used : NULL;
    *used += ((size_t)n * size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    return at;
}

static void rows_of(wg_rl_vector *v, struct rows *rows, size_t *used)
{
    const int64_t seen = v->n * v->dynamics->observation.size, act = v->n * v->dynamics->action.size;
    *rows = (struct rows){.observation = array(v, used, seen, sizeof(double)),
                          .action = array(v, used, act, sizeof(double)),
                          .reward = array(v, used, v->n, sizeof(double)),
                          .next = array(v, used, seen, sizeof(double)),
                          .total = array(v, used, v->n, sizeof(double)),
                          .length = array(v, used, v->n, sizeof(int64_t)),
                          .terminated = array(v, used, v->n, sizeof(bool)),
                          .truncated = array(v, used, v->n, sizeof(bool))};
}

static size_t divide(wg_rl_vector *v)
{
    const int64_t seen = v->dynamics->observation.size, act = v->dynamics->action.size;
    size_t used = 0;
    rows_of(v, &v->last, &used);
    rows_of(v, &v->coming, &used);
    v->state = array(v, &used, v->n, v->stride);
    v->random = array(v, &used, v->n, sizeof *v->random);
    v->first = array(v, &used, v->n * seen, sizeof(double));
    v->scaled = array(v, &used, v->n * act, sizeof(double));
    v->fault = array(v, &used, v->n, 1);
    v->middle = array(v, &used, act, sizeof(double));
    v->half = array(v, &used, act, sizeof(double));
    return used;
}

static bool find_memory(wg_rl_vector *v)
{
    const size_t size = divide(v);
    v->memory = aligned_alloc(ALIGNMENT, size);
    if (v->memory)
        memset(v->memory, 0, size), divide(v);
    return v->memory != NULL;
}

static bool make_parts(wg_rl_vector *v)
{
    const wg_dtype dtype[PARTS] = {WG_U8, WG_I64, WG_F64, WG_F64, WG_I64};
    const wg_shape shape[PARTS] = {WG_SHAPE(v->n, (int64_t)v->stride), WG_SHAPE(v->n, 3),
                                   WG_SHAPE(v->n, v->dynamics->observation.size), WG_SHAPE(v->n), WG_SHAPE(v->n)};
    for (int i = 0; i < PARTS; i++)
        if (rl_own(&v->part[i], part_name[i], wg_zeros(dtype[i], shape[i])) != WG_OK)
            return false;
    return true;
}

/* Where a component has bounds, an action a is middle + half a. */
static void scale_actions(wg_rl_vector *v)
{
    const wg_rl_box *box = &v->dynamics->action;
    for (int64_t i = 0; i < box->size; i++) {
        const bool bounded = box->low && box->high && isfinite(box->low[i]) && isfinite(box->high[i]);
        v->middle[i] = bounded ? box->low[i] / 2 + box->high[i] / 2 : (double)NAN;
        v->half[i] = bounded ? box->high[i] / 2 - box->low[i] / 2 : (double)NAN;
    }
}

static wg_status begin(wg_rl_vector *v, uint64_t seed, int threads, const char *op)
{
    void *at[PARTS];
    WG_TRY(nn_seed(&seed));
    WG_TRY(vector_parts(v, at));
    scale_actions(v);
    for (int64_t i = 0; i < v->n; i++) {
        const wg_rl_random random = {.seed = seed, .stream = WG_STREAM_RL + (uint64_t)i};
        memcpy((char *)at[RANDOM] + (size_t)i * sizeof random, &random, sizeof random);
    }
    threads = threads > 0 ? threads : v->n < FEW ? 1 : wg_threads();
    v->pool = pool_start((int)(threads < v->n ? threads : v->n) - 1);
    return vector_reset(v, op);
}

wg_rl_vector *wg_rl_vector_create_with(const wg_rl_env *env, int64_t n, wg_rl_vector_options options)
{
    const char *op = "rl_vector_create";
    if (!env) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the environment is NULL", op);
        return NULL;
    }
    if (n < 1 || n > MAX_COPIES || options.threads < 0 || options.threads > MAX_THREADS) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected 1 to %d copies and .threads from 0 to %d, got %lld and %d", op,
                           env->name, MAX_COPIES, MAX_THREADS, (long long)n, options.threads);
        return NULL;
    }
    wg_rl_vector *v = calloc(1, sizeof *v);
    if (v)
        *v = (wg_rl_vector){
            .env = env, .dynamics = &env->dynamics, .n = n, .stride = (env->dynamics.state_size + 15) & ~(size_t)15};
    if (!v || !find_memory(v) || !make_parts(v))
        (void)wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory for %lld copies", op, env->name, (long long)n);
    else if (begin(v, options.seed, options.threads, op) == WG_OK)
        return v;
    wg_rl_vector_destroy(v);
    return NULL;
}

void wg_rl_vector_destroy(wg_rl_vector *vector)
{
    if (!vector)
        return;
    pool_stop(vector->pool);
    for (int i = 0; i < PARTS; i++)
        wg_disown(vector->part[i]);
    free(vector->memory);
    free(vector);
}

/* ---- what is asked ---- */

static bool given(const wg_rl_vector *vector, const char *op)
{
    if (!vector)
        (void)wg_error_set(WG_E_NULL, op, "%s: the vector is NULL", op);
    return vector != NULL;
}

const double *wg_rl_vector_observations(const wg_rl_vector *vector)
{
    return given(vector, "rl_vector_observations") ? wg_data(vector->part[OBSERVATIONS]) : NULL;
}

const wg_rl_transitions *wg_rl_vector_last(const wg_rl_vector *vector)
{
    return given(vector, "rl_vector_last") ? &vector->lent : NULL;
}

int64_t wg_rl_vector_size(const wg_rl_vector *vector)
{
    return given(vector, "rl_vector_size") ? vector->n : 0;
}

const wg_rl_env *wg_rl_vector_env(const wg_rl_vector *vector)
{
    return given(vector, "rl_vector_env") ? vector->env : NULL;
}

wg_tensor_list wg_rl_vector_state(const wg_rl_vector *vector)
{
    if (!given(vector, "rl_vector_state"))
        return (wg_tensor_list){.n = 0};
    return (wg_tensor_list){.n = PARTS, .tensor = vector->part, .name = part_name};
}

static bool there_is(const wg_rl_vector *vector, int64_t copy, const char *op)
{
    if (!given(vector, op))
        return false;
    if (copy < 0 || copy >= vector->n)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected a copy from 0 to %lld, got %lld", op, vector->dynamics->name,
                           (long long)vector->n - 1, (long long)copy);
    return copy >= 0 && copy < vector->n;
}

const void *wg_rl_vector_state_of(const wg_rl_vector *vector, int64_t copy)
{
    if (!there_is(vector, copy, "rl_vector_state_of"))
        return NULL;
    const char *states = wg_data(vector->part[STATES]);
    return states ? states + (size_t)copy * vector->stride : NULL;
}

wg_status wg_rl_vector_start(wg_rl_vector *vector, int64_t copy, const void *state)
{
    const char *op = "rl_vector_start";
    void *at[PARTS];
    if (!there_is(vector, copy, op))
        return vector ? WG_E_ARGUMENT : WG_E_NULL;
    if (!state)
        return wg_error_set(WG_E_NULL, op, "%s: %s: the state is NULL", op, vector->dynamics->name);
    WG_TRY(vector_parts(vector, at));
    const wg_rl_dynamics *d = vector->dynamics;
    const size_t seen = (size_t)d->observation.size;
    memcpy(vector->state, state, d->state_size); /* aligned */
    d->observe(d->self, vector->state, vector->first);
    const int64_t bad = vector_not_finite(vector, vector->first);
    if (bad >= 0)
        return wg_error_set(WG_E_NUMERIC, op, "%s: %s: observation %lld of the state is %g", op, d->name, (long long)bad,
                            vector->first[bad]);
    memcpy((char *)at[STATES] + (size_t)copy * vector->stride, state, d->state_size);
    memcpy((double *)at[OBSERVATIONS] + (size_t)copy * seen, vector->first, seen * sizeof(double));
    ((double *)at[TOTALS])[copy] = 0;
    ((int64_t *)at[LENGTHS])[copy] = 0;
    return WG_OK;
}
