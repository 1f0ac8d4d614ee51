/* Every environment of environments.def: the same checks for each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_check.h"

/* NAME: what its constructor makes, and the steps of its time limit. */
struct entry {
    const char *name;
    wg_rl_env *(*make)(void);
    int64_t limit;
};

#define WG_ENVIRONMENT(name, made, limit) \
    static wg_rl_env *make_##name(void)   \
    {                                     \
        return made;                      \
    }
#include <wengert/rl/environments.def>
#undef WG_ENVIRONMENT

static const struct entry entries[] = {
#define WG_ENVIRONMENT(name, made, limit) {#name, make_##name, limit},
#include <wengert/rl/environments.def>
#undef WG_ENVIRONMENT
};
enum { ENTRIES = sizeof entries / sizeof *entries, COPIES = 37, STEPS = 300, SEED = 11 };

/* Actions of copy i at a step, the same for any number of copies: held for some steps, so that they lead somewhere. */
static void fill(double *actions, int64_t n, int64_t size, int step)
{
    for (int64_t i = 0; i < n; i++) {
        wg_rl_random random = {.seed = 99, .stream = (uint64_t)i, .block = (uint64_t)(step / 8) * 64};
        for (int64_t k = 0; k < size; k++)
            actions[i * size + k] = wg_rl_uniform(&random, -1, 1);
    }
}

/* An episode's step as numbers: next, reward, total, length, ends. */
static size_t row(const wg_rl_vector *v, int64_t copy, double *to)
{
    const wg_rl_transitions *last = wg_rl_vector_last(v);
    const size_t seen = (size_t)wg_rl_env_dynamics(wg_rl_vector_env(v))->observation.size;
    memcpy(to, last->next + (size_t)copy * seen, seen * sizeof *to);
    memcpy(to + seen, wg_rl_vector_observations(v) + (size_t)copy * seen, seen * sizeof *to);
    to += 2 * seen;
    to[0] = last->reward[copy], to[1] = last->total[copy], to[2] = (double)last->length[copy];
    to[3] = last->terminated[copy], to[4] = last->truncated[copy];
    return 2 * seen + 5;
}

static void step(wg_rl_vector *v, int at)
{
    const int64_t size = wg_rl_env_dynamics(wg_rl_vector_env(v))->action.size;
    double *actions = malloc((size_t)(wg_rl_vector_size(v) * size) * sizeof *actions);
    fill(actions, wg_rl_vector_size(v), size, at);
    if (wg_rl_vector_step(v, actions) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    free(actions);
}

static double *run(const wg_rl_env *env, int threads, uint64_t seed, size_t *n)
{
    wg_rl_vector *v = wg_rl_vector_create(env, COPIES, .seed = seed, .threads = threads);
    const size_t size = 2 * (size_t)wg_rl_env_dynamics(env)->observation.size + 5;
    double *all = malloc(STEPS * COPIES * size * sizeof *all);
    *n = 0;
    for (int at = 0; at < STEPS; at++) {
        step(v, at);
        for (int64_t i = 0; i < COPIES; i++)
            *n += row(v, i, all + *n);
    }
    assert_int_equal(*n, STEPS * COPIES * size);
    wg_rl_vector_destroy(v);
    return all;
}

/* For a seed, and for any number of threads. Where nothing is drawn (an environment whose first state is given), seeds do not differ. */
static void the_seed_decides_all(const struct entry *entry, const wg_rl_env *env)
{
    size_t n, other_n;
    double *one = run(env, 1, SEED, &n);
    for (int threads = 1; threads <= 4; threads++) {
        double *other = run(env, threads, SEED, &other_n);
        if (memcmp(one, other, n * sizeof *one) != 0)
            fail_msg("%s: other bits with %d threads", entry->name, threads);
        free(other);
    }
    free(one);
}

static void a_copy_goes_on_where_it_was_saved(const struct entry *entry, const wg_rl_env *env)
{
    wg_rl_vector *a = wg_rl_vector_create(env, 5, .seed = SEED), *b = wg_rl_vector_create(env, 5, .seed = SEED + 1);
    double x[64], y[64];
    for (int at = 0; at < 120; at++) {
        step(a, at);
        const wg_tensor_list from = wg_rl_vector_state(a), to = wg_rl_vector_state(b);
        for (size_t i = 0; at == 41 && i < from.n; i++)
            assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
        if (at <= 41)
            continue;
        step(b, at);
        for (int64_t i = 0; i < 5; i++) {
            const size_t n = row(a, i, x);
            assert_true(n <= 64 && row(b, i, y) == n);
            if (memcmp(x, y, n * sizeof *x) != 0)
                fail_msg("%s: other bits after a restore, step %d of copy %d", entry->name, at, (int)i);
        }
    }
    wg_rl_vector_destroy(a), wg_rl_vector_destroy(b);
}

static void observations_are_within_bounds(const struct entry *entry, const wg_rl_env *env)
{
    wg_rl_vector *v = wg_rl_vector_create(env, COPIES, .seed = SEED);
    const wg_rl_box *box = &wg_rl_env_dynamics(env)->observation;
    for (int at = 0; at < STEPS; at++) {
        step(v, at);
        const wg_rl_transitions *last = wg_rl_vector_last(v);
        for (int64_t i = 0; i < COPIES * box->size; i++) {
            const double low = box->low ? box->low[i % box->size] : -(double)INFINITY;
            const double high = box->high ? box->high[i % box->size] : (double)INFINITY;
            if (!(last->next[i] >= low && last->next[i] <= high) || !(last->observation[i] >= low && last->observation[i] <= high))
                fail_msg("%s: observation %d is %g, out of [%g, %g]", entry->name, (int)(i % box->size), last->next[i], low, high);
        }
    }
    wg_rl_vector_destroy(v);
}

static void bad_actions_are_refused(const struct entry *entry, const wg_rl_env *env)
{
    wg_rl_vector *v = wg_rl_vector_create(env, 2, .seed = SEED);
    const int64_t size = wg_rl_env_dynamics(env)->action.size;
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1.5, -1.0000001};
    double *actions = calloc((size_t)(2 * size), sizeof *actions);
    const bool bounded = wg_rl_env_dynamics(env)->action.low && isfinite(wg_rl_env_dynamics(env)->action.low[size - 1]);
    for (int i = 0; i < (bounded ? 5 : 3); i++) {
        actions[2 * size - 1] = bad[i];
        assert_int_equal(wg_rl_vector_step(v, actions), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, entry->name);
        assert_int_equal(wg_rl_vector_last(v)->n, 0);
    }
    actions[2 * size - 1] = 1;
    assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    free(actions);
    wg_rl_vector_destroy(v);
}

/* The count of steps stands at the end of a state. */
static void the_limit_truncates_and_does_not_terminate(const struct entry *entry, const wg_rl_env *env)
{
    wg_rl_vector *v = wg_rl_vector_create(env, COPIES, .seed = SEED);
    const size_t size = wg_rl_env_dynamics(env)->state_size;
    char *state = malloc(size);
    int truncated = 0;
    for (int64_t before = entry->limit - 2; entry->limit > 0 && before < entry->limit; before++) {
        assert_int_equal(wg_rl_vector_reset(v), WG_OK);
        for (int64_t i = 0; i < COPIES; i++) {
            memcpy(state, wg_rl_vector_state_of(v, i), size);
            memcpy(state + size - sizeof before, &before, sizeof before);
            assert_int_equal(wg_rl_vector_start(v, i, state), WG_OK);
        }
        step(v, 0);
        for (int64_t i = 0; i < COPIES; i++) {
            const bool ends = wg_rl_vector_last(v)->terminated[i];
            assert_int_equal(wg_rl_vector_last(v)->truncated[i], before == entry->limit - 1 && !ends);
            truncated += wg_rl_vector_last(v)->truncated[i];
        }
    }
    assert_true(truncated > 0 || entry->limit <= 1);
    free(state);
    wg_rl_vector_destroy(v);
}

static void a_step_is_a_function_of_state_and_action(const struct entry *entry, const wg_rl_env *env)
{
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    wg_rl_vector *v = wg_rl_vector_create(env, 1, .seed = SEED);
    double *action = malloc((size_t)d->action.size * sizeof *action);
    void *a = aligned_alloc(16, (d->state_size + 15) & ~(size_t)15), *b = aligned_alloc(16, (d->state_size + 15) & ~(size_t)15);
    for (int at = 0; at < 50; at++) {
        wg_rl_random x = {.seed = 1, .block = 7}, y = x;
        memcpy(a, wg_rl_vector_state_of(v, 0), d->state_size), memcpy(b, a, d->state_size);
        fill(action, 1, d->action.size, at);
        const wg_rl_outcome p = d->step(d->self, &x, a, action), q = d->step(d->self, &y, b, action);
        assert_memory_equal(a, b, d->state_size);
        assert_true(p.reward == q.reward && p.terminated == q.terminated && x.block == y.block);
        step(v, at);
    }
    assert_string_equal(d->name, entry->name);
    free(a), free(b), free(action);
    wg_rl_vector_destroy(v);
}

typedef void check(const struct entry *entry, const wg_rl_env *env);
static check *const checks[] = {
    the_seed_decides_all,    a_copy_goes_on_where_it_was_saved,          observations_are_within_bounds,
    bad_actions_are_refused, the_limit_truncates_and_does_not_terminate, a_step_is_a_function_of_state_and_action};

static void every_environment_is_one(void **state)
{
    (void)state;
    assert_true(ENTRIES > 0);
    for (size_t i = 0; i < ENTRIES; i++) {
        wg_rl_env *env = entries[i].make();
        if (!env)
            fail_msg("%s: %s", entries[i].name, wg_error_first()->message);
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++)
            checks[k](&entries[i], env);
        wg_rl_env_destroy(env);
    }
    assert_no_error();
}

/* Seeds give other episodes where the first state is drawn. */
static void seeds_differ(void **state)
{
    (void)state;
    wg_rl_env *const envs[] = {wg_rl_pendulum(), wg_rl_mountain_car_continuous(), wg_rl_cart_pole_continuous(), wg_rl_lander()};
    for (int i = 0; i < 4; i++) {
        size_t n;
        double *one = run(envs[i], 1, SEED, &n), *other = run(envs[i], 1, SEED + 1, &n);
        assert_true(memcmp(one, other, n * sizeof *one) != 0);
        free(one), free(other);
        wg_rl_env_destroy(envs[i]);
    }
}

/* The members of a state that are doubles, in their order: what they are uniform in. */
static void assert_uniform(const wg_rl_env *env, int n, const double (*range)[2])
{
    enum { N = 4000 };
    wg_rl_vector *v = wg_rl_vector_create(env, N, .seed = SEED);
    for (int k = 0; k < n; k++) {
        double sum = 0, least = (double)INFINITY, most = -(double)INFINITY;
        const double low = range[k][0], high = range[k][1], width = high - low;
        for (int64_t i = 0; i < N; i++) {
            const double x = ((const double *)wg_rl_vector_state_of(v, i))[k];
            sum += x, least = fmin(least, x), most = fmax(most, x);
        }
        if (!(least >= low && most <= high && least <= low + 0.01 * width && most >= high - 0.01 * width &&
              fabs(sum / N - (low + high) / 2) <= 4 * width / sqrt(12 * N)))
            fail_msg("%s: member %d is in [%g, %g], mean %g", wg_rl_env_dynamics(env)->name, k, least, most, sum / N);
    }
    wg_rl_vector_destroy(v);
}

static void first_states_are_uniform(void **state)
{
    (void)state;
    wg_rl_env *const envs[] = {wg_rl_pendulum(), wg_rl_mountain_car_continuous(), wg_rl_cart_pole_continuous(), wg_rl_lander()};
    assert_uniform(envs[0], 2, (const double[][2]){{-M_PI, M_PI}, {-1, 1}});
    assert_uniform(envs[1], 2, (const double[][2]){{-0.6, -0.4}, {0, 0}});
    assert_uniform(envs[2], 4, (const double[][2]){{-0.05, 0.05}, {-0.05, 0.05}, {-0.05, 0.05}, {-0.05, 0.05}});
    assert_uniform(envs[3], 6, (const double[][2]){{-3, 3}, {11, 13}, {-2, 2}, {-1.5, 0}, {-0.2, 0.2}, {-0.2, 0.2}});
    for (int i = 0; i < 4; i++)
        wg_rl_env_destroy(envs[i]);
    assert_no_error();
}

/* Twice what ends an episode: the last observation of one is within. */
static void a_cart_has_the_bounds_of_gymnasium(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_cart_pole_continuous();
    const wg_rl_box *box = &wg_rl_env_dynamics(env)->observation;
    const double high[] = {4.8, (double)INFINITY, 24 * M_PI / 180, (double)INFINITY};
    for (int i = 0; i < 4; i++)
        assert_true(box->low[i] == -box->high[i] && (i % 2 ? isinf(box->high[i]) : fabs(box->high[i] - high[i]) < 1e-15));
    wg_rl_env_destroy(env);
}

/* As the header says. */
static void copies_draw_from_streams_of_their_own(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_pendulum();
    wg_rl_vector *v = wg_rl_vector_create(env, 9, .seed = SEED);
    for (int i = 0; i < 9; i++) {
        wg_rl_random random = {.seed = SEED, .stream = WG_STREAM_RL + (uint64_t)i};
        const wg_rl_pendulum_state *pendulum = wg_rl_vector_state_of(v, i);
        assert_true(pendulum->angle == wg_rl_uniform(&random, -M_PI, M_PI) && pendulum->speed == wg_rl_uniform(&random, -1, 1));
    }
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

static void without_a_seed_the_thread_draws_one(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_pendulum();
    wg_rl_vector *v[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(i == 1 ? WG_OK : wg_seed(3, 0), WG_OK);
        v[i] = wg_rl_vector_create(env, 2);
    }
    assert_memory_equal(wg_rl_vector_observations(v[0]), wg_rl_vector_observations(v[2]), 6 * sizeof(double));
    assert_memory_not_equal(wg_rl_vector_observations(v[0]), wg_rl_vector_observations(v[1]), 6 * sizeof(double));
    for (int i = 0; i < 3; i++)
        wg_rl_vector_destroy(v[i]);
    wg_rl_env_destroy(env);
    assert_no_error();
}

static void without_a_limit_nothing_is_truncated(void **state)
{
    (void)state;
    wg_rl_env *const raw[] = {wg_rl_pendulum(.limit = 0), wg_rl_mountain_car_continuous(.limit = 0),
                              wg_rl_cart_pole_continuous(.limit = 0), wg_rl_lander(.limit = 0)};
    const size_t size[] = {sizeof(wg_rl_pendulum_state), sizeof(wg_rl_mountain_car_continuous_state),
                           sizeof(wg_rl_cart_pole_continuous_state), sizeof(wg_rl_lander_state)};
    for (int i = 0; i < 4; i++) {
        wg_rl_vector *v = wg_rl_vector_create(raw[i], 2, .seed = SEED);
        assert_int_equal(wg_rl_env_dynamics(raw[i])->state_size, size[i]);
        for (int at = 0; at < 2000; at++) {
            step(v, at);
            assert_false(wg_rl_vector_last(v)->truncated[0] || wg_rl_vector_last(v)->truncated[1]);
        }
        wg_rl_vector_destroy(v), wg_rl_env_destroy(raw[i]);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_environment_is_one),
                                       TEST(seeds_differ),
                                       TEST(first_states_are_uniform),
                                       TEST(a_cart_has_the_bounds_of_gymnasium),
                                       TEST(copies_draw_from_streams_of_their_own),
                                       TEST(without_a_seed_the_thread_draws_one),
                                       TEST(without_a_limit_nothing_is_truncated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
