/* Environments and copies of them: episodes' ends, time limits, threads, states. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nn_check.h"

/* ---- an environment of a program's own: a walk that ends at ±3, and whose state says so ---- */

struct walk {
    double at;
    int steps;
};

static void walk_reset(const void *self, wg_rl_random *random, void *state)
{
    (void)self;
    ((struct walk *)state)->at = wg_rl_uniform(random, -1, 1);
}

static void walk_observe(const void *self, const void *state, double *observation)
{
    const struct walk *walk = state;
    (void)self;
    observation[0] = walk->at, observation[1] = walk->steps;
}

static wg_rl_outcome walk_step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const double *noise = self;
    struct walk *walk = state;
    walk->at += action[0] + *noise * wg_rl_normal(random);
    walk->steps++;
    return (wg_rl_outcome){.reward = walk->at, .terminated = fabs(walk->at) > 3};
}

static const double calm = 0, windy = 0.1;

static wg_rl_env *make_walk(const double *noise)
{
    return wg_rl_env_create(.name = "walk", .state_size = sizeof(struct walk), .reset = walk_reset, .observe = walk_observe,
                            .step = walk_step, .observation = {.size = 2},
                            .action = {.size = 1, .low = (double[]){-0.5}, .high = (double[]){1.5}},
                            .self = (void *)(uintptr_t)noise);
}

/* Actions that differ from copy to copy and from step to step. */
static void fill(double *actions, int64_t n, int step)
{
    for (int64_t i = 0; i < n; i++)
        actions[i] = sin(0.7 * (double)i + 0.31 * step);
}

/* ---- actions, ends of episodes ---- */

static void actions_are_scaled_to_the_bounds(void **state)
{
    (void)state;
    wg_rl_env *env = make_walk(&calm);
    wg_rl_vector *v = wg_rl_vector_create(env, 3, .seed = 4);
    double before[3], after[3] = {-0.5, 0.5, 1.5};
    for (int i = 0; i < 3; i++)
        before[i] = wg_rl_vector_observations(v)[2 * i];
    assert_int_equal(wg_rl_vector_last(v)->n, 0);
    assert_int_equal(wg_rl_vector_step(v, (double[]){-1, 0, 1}), WG_OK);
    const wg_rl_transitions *last = wg_rl_vector_last(v);
    for (int i = 0; i < 3; i++) {
        assert_true(last->next[2 * i] == before[i] + after[i]);
        assert_true(last->observation[2 * i] == before[i] && last->action[i] == i - 1);
        assert_true(last->reward[i] == last->next[2 * i] && last->total[i] == last->reward[i] && last->length[i] == 1);
    }
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* Name and bounds are copied. */
static void what_is_given_may_go(void **state)
{
    (void)state;
    char name[] = "walk";
    double low = -0.5, high = 1.5;
    wg_rl_env *env = wg_rl_env_create(.name = name, .state_size = sizeof(struct walk), .reset = walk_reset, .observe = walk_observe,
                                      .step = walk_step, .observation = {.size = 2},
                                      .action = {.size = 1, .low = &low, .high = &high}, .self = (void *)(uintptr_t)&calm);
    memset(name, '?', sizeof name - 1), low = high = (double)NAN;
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    assert_string_equal(d->name, "walk");
    assert_true(*d->action.low == -0.5 && *d->action.high == 1.5 && !d->observation.low && !d->observation.high);
    wg_rl_env_destroy(env);
}

static void a_reset_begins_all_anew(void **state)
{
    (void)state;
    sigset_t before, after;
    wg_rl_env *env = wg_rl_time_limit(make_walk(&windy), 50);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    wg_rl_vector *v = wg_rl_vector_create(env, 20, .seed = 8, .threads = 2);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++)
        assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
    double actions[20], first[40];
    fill(actions, 20, 0);
    memcpy(first, wg_rl_vector_observations(v), sizeof first);
    for (int step = 0; step < 3; step++)
        assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    assert_int_equal(wg_rl_vector_reset(v), WG_OK);
    for (int i = 0; i < 20; i++)
        assert_true(wg_rl_vector_observations(v)[2 * i] != first[2 * i] && wg_rl_vector_observations(v)[2 * i + 1] == 0);
    assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    const wg_rl_transitions *last = wg_rl_vector_last(v);
    for (int i = 0; i < 20; i++)
        assert_true(last->length[i] == 1 && last->total[i] == last->reward[i] && !last->truncated[i]);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* At an end the transition has the episode's last observation, and the next step starts from another episode's first. */
static void the_last_observation_is_no_first_one(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_time_limit(make_walk(&calm), 4);
    wg_rl_vector *v = wg_rl_vector_create(env, 1, .seed = 5);
    int terminated = 0, truncated = 0;
    double total = 0;
    for (int step = 0; step < 60; step++) {
        const double a = step < 30 ? -0.5 : 1; /* a step of 0, or of 1.5 */
        assert_int_equal(wg_rl_vector_step(v, &a), WG_OK);
        const wg_rl_transitions *last = wg_rl_vector_last(v);
        const double *now = wg_rl_vector_observations(v);
        total += last->reward[0];
        assert_true(last->total[0] == total && (double)last->length[0] == last->next[1]);
        assert_int_equal(last->terminated[0], fabs(last->next[0]) > 3);
        assert_int_equal(last->truncated[0], last->length[0] == 4 && !last->terminated[0]);
        if (last->terminated[0] || last->truncated[0]) {
            assert_true(now[1] == 0 && fabs(now[0]) <= 1);
            terminated += last->terminated[0], truncated += last->truncated[0], total = 0;
        } else {
            assert_memory_equal(now, last->next, 2 * sizeof *now);
        }
    }
    assert_true(truncated == 7 && terminated > 5);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* ---- the same bits ---- */

/* Everything that a run of so many steps is: a digest of all transitions. */
static double *run(const wg_rl_env *env, int64_t n, int threads, uint64_t seed, int steps)
{
    wg_rl_vector *v = wg_rl_vector_create(env, n, .seed = seed, .threads = threads);
    double *all = calloc((size_t)(steps * n), 7 * sizeof *all), *to = all, *actions = malloc((size_t)n * sizeof *actions);
    for (int step = 0; step < steps; step++) {
        fill(actions, n, step);
        assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
        const wg_rl_transitions *last = wg_rl_vector_last(v);
        for (int64_t i = 0; i < n; i++, to += 7)
            to[0] = last->observation[2 * i], to[1] = last->next[2 * i], to[2] = last->next[2 * i + 1], to[3] = last->reward[i],
            to[4] = last->total[i], to[5] = (double)last->length[i], to[6] = last->terminated[i] + 2 * last->truncated[i];
    }
    free(actions);
    wg_rl_vector_destroy(v);
    return all;
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { N = 101, STEPS = 40 };
    wg_rl_env *env = wg_rl_time_limit(make_walk(&windy), 20);
    double *one = run(env, N, 1, 7, STEPS), *other = run(env, N, 1, 8, STEPS);
    assert_true(memcmp(one, other, (size_t)(7 * N * STEPS) * sizeof *one) != 0);
    for (int threads = 0; threads < 6; threads++) {
        double *many = run(env, N, threads, 7, STEPS);
        assert_memory_equal(one, many, (size_t)(7 * N * STEPS) * sizeof *one);
        free(many);
    }
    /* A copy's numbers do not depend on how many others there are, also where they are fewer than threads. */
    for (int threads = 1; threads < 5; threads++) {
        double *few = run(env, 3, threads, 7, STEPS);
        for (int step = 0; step < STEPS; step++)
            assert_memory_equal(few + 21 * step, one + 7 * N * step, 21 * sizeof *few);
        free(few);
    }
    free(one), free(other);
    wg_rl_env_destroy(env);
    assert_no_error();
}

/* The tensors of wg_rl_vector_state are all that there is. */
static void a_saved_vector_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_time_limit(make_walk(&windy), 11);
    wg_rl_vector *a = wg_rl_vector_create(env, 9, .seed = 1), *b = wg_rl_vector_create(env, 9, .seed = 2);
    double actions[9];
    for (int step = 0; step < 40; step++) {
        fill(actions, 9, step);
        assert_int_equal(wg_rl_vector_step(a, actions), WG_OK);
        if (step == 17)
            for (size_t i = 0; i < wg_rl_vector_state(a).n; i++) {
                assert_string_equal(wg_rl_vector_state(a).name[i], wg_rl_vector_state(b).name[i]);
                assert_int_equal(wg_write_raw(wg_rl_vector_state(b).tensor[i], wg_data(wg_rl_vector_state(a).tensor[i])), WG_OK);
            }
        if (step <= 17)
            continue;
        assert_int_equal(wg_rl_vector_step(b, actions), WG_OK);
        const wg_rl_transitions *x = wg_rl_vector_last(a), *y = wg_rl_vector_last(b);
        assert_memory_equal(x->next, y->next, 18 * sizeof(double));
        assert_memory_equal(x->total, y->total, 9 * sizeof(double));
        assert_memory_equal(x->length, y->length, 9 * sizeof(int64_t));
        assert_memory_equal(wg_rl_vector_observations(a), wg_rl_vector_observations(b), 18 * sizeof(double));
    }
    wg_rl_vector_destroy(a), wg_rl_vector_destroy(b), wg_rl_env_destroy(env);
    assert_no_error();
}

static void an_episode_begins_where_one_says(void **state)
{
    (void)state;
    struct limited {
        wg_rl_pendulum_state pendulum;
        int64_t steps;
    } start = {.pendulum = {.angle = 0.1, .speed = 0}, .steps = 198};
    wg_rl_env *env = wg_rl_pendulum();
    wg_rl_vector *v = wg_rl_vector_create(env, 2, .seed = 1);
    assert_int_equal(wg_rl_env_dynamics(env)->state_size, sizeof start);
    assert_int_equal(wg_rl_vector_start(v, 1, &start), WG_OK);
    assert_true(wg_rl_vector_observations(v)[3] == cos(0.1) && wg_rl_vector_observations(v)[4] == sin(0.1));
    assert_memory_equal(wg_rl_vector_state_of(v, 1), &start, sizeof start);
    for (int step = 0; step < 2; step++) {
        assert_int_equal(wg_rl_vector_step(v, (double[]){0, 0}), WG_OK);
        assert_int_equal(wg_rl_vector_last(v)->truncated[1], step == 1);
        assert_false(wg_rl_vector_last(v)->truncated[0] || wg_rl_vector_last(v)->terminated[1]);
    }
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* ---- failures ---- */

/* Nothing moves where one copy fails: a walk to NaN. */
static wg_rl_outcome bad_step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    wg_rl_outcome outcome = walk_step(&calm, random, state, action);
    (void)self;
    if (action[0] > 0.75)
        outcome.reward = (double)NAN;
    else if (action[0] > 0.7)
        ((struct walk *)state)->at = (double)INFINITY;
    return outcome;
}

static void a_step_that_fails_moves_no_copy(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_env_create(.name = "bad", .state_size = sizeof(struct walk), .reset = walk_reset,
                                      .observe = walk_observe, .step = bad_step, .observation = {.size = 2}, .action = {.size = 1});
    wg_rl_vector *v = wg_rl_vector_create(env, 40, .seed = 3, .threads = 2);
    double actions[40] = {0}, observations[80], next[80], reward[40];
    struct walk before[40];
    assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    const wg_rl_transitions last = *wg_rl_vector_last(v);
    memcpy(observations, wg_rl_vector_observations(v), sizeof observations);
    memcpy(next, last.next, sizeof next), memcpy(reward, last.reward, sizeof reward);
    for (int i = 0; i < 40; i++)
        memcpy(&before[i], wg_rl_vector_state_of(v, i), sizeof *before);
    const double bad[] = {0.8, 0.72, (double)NAN, (double)INFINITY};
    const char *const text[] = {"rl_vector_step: bad: copy 35: the reward is nan",
                                "rl_vector_step: bad: copy 35: observation 0 of the new state is inf",
                                "rl_vector_step: bad: copy 35: expected action 0 finite and within its bounds, got nan",
                                "rl_vector_step: bad: copy 35: expected action 0 finite and within its bounds, got inf"};
    for (int k = 0; k < 4; k++) {
        actions[35] = bad[k];
        assert_int_equal(wg_rl_vector_step(v, actions), k < 2 ? WG_E_NUMERIC : WG_E_ARGUMENT);
        assert_error(k < 2 ? WG_E_NUMERIC : WG_E_ARGUMENT, text[k]);
        assert_memory_equal(wg_rl_vector_last(v), &last, sizeof last);
        assert_memory_equal(next, last.next, sizeof next), assert_memory_equal(reward, last.reward, sizeof reward);
        assert_memory_equal(wg_rl_vector_observations(v), observations, sizeof observations);
        for (int i = 0; i < 40; i++)
            assert_memory_equal(&before[i], wg_rl_vector_state_of(v, i), sizeof *before);
    }
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* ---- threads that end, and processes that fork ---- */

static pthread_t first_thread;
static atomic_bool ends;

/* Ends a thread that is not the first, once. */
static wg_rl_outcome ending_step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    if (!pthread_equal(pthread_self(), first_thread) && atomic_exchange(&ends, false))
        pthread_exit(NULL);
    return walk_step(self, random, state, action);
}

static void a_thread_that_ends_is_an_error(void **state)
{
    (void)state;
    wg_rl_env *env = wg_rl_env_create(.name = "ending", .state_size = sizeof(struct walk), .reset = walk_reset,
                                      .observe = walk_observe, .step = ending_step, .observation = {.size = 2},
                                      .action = {.size = 1}, .self = (void *)(uintptr_t)&calm);
    wg_rl_vector *v = wg_rl_vector_create(env, 500, .seed = 3, .threads = 3);
    double actions[500] = {0};
    int errors = 0;
    first_thread = pthread_self();
    atomic_store(&ends, true);
    for (int step = 0; step < 100000 && errors == 0; step++) /* until a helper gets a piece */
        if (wg_rl_vector_step(v, actions) != WG_OK) {
            assert_error(WG_E_BUG, "rl_vector_step: ending: a function of the environment ended its thread");
            errors++;
        }
    assert_int_equal(errors, 1);
    const int64_t length = wg_rl_vector_last(v)->n ? wg_rl_vector_last(v)->length[0] : 0;
    assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    assert_int_equal(wg_rl_vector_last(v)->length[0], length + 1);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

static void a_child_steps_without_helpers(void **state)
{
    (void)state;
    wg_rl_env *env = make_walk(&windy);
    wg_rl_vector *v = wg_rl_vector_create(env, 64, .seed = 3, .threads = 3);
    double actions[64];
    int status, ends_of_pipe[2];
    fill(actions, 64, 0);
    assert_int_equal(pipe(ends_of_pipe), 0);
    const pid_t child = fork();
    assert_int_equal(wg_rl_vector_step(v, actions), WG_OK);
    const size_t size = 128 * sizeof(double);
    if (child == 0) {
        const bool written = write(ends_of_pipe[1], wg_rl_vector_last(v)->next, size) == (ssize_t)size;
        wg_rl_vector_destroy(v);
        _exit(written ? 0 : 1);
    }
    double next[128];
    assert_int_equal(read(ends_of_pipe[0], next, size), size);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_equal(next, wg_rl_vector_last(v)->next, size);
    close(ends_of_pipe[0]), close(ends_of_pipe[1]);
    wg_rl_vector_destroy(v), wg_rl_env_destroy(env);
    assert_no_error();
}

/* ---- random numbers ---- */

static void random_numbers_are_uniform_and_normal(void **state)
{
    (void)state;
    wg_rl_random random = {.seed = 1, .stream = WG_STREAM_RL};
    enum { N = 100000 };
    double sum[4] = {0}, low = 3, high = 2;
    for (int i = 0; i < N; i++) {
        const double u = wg_rl_uniform(&random, 2, 3), x = wg_rl_normal(&random);
        sum[0] += u, sum[1] += x, sum[2] += x * x, sum[3] += x * x * x * x;
        low = u < low ? u : low, high = u > high ? u : high;
    }
    assert_int_equal(random.block, 2 * N);
    assert_true(low >= 2 && low < 2.001 && high < 3 && high > 2.999);
    assert_true(fabs(sum[0] / N - 2.5) < 4 * 0.2887 / sqrt(N));
    assert_true(fabs(sum[1] / N) < 4 / sqrt(N) && fabs(sum[2] / N - 1) < 4 * sqrt(2.0 / N) &&
                fabs(sum[3] / N - 3) < 4 * sqrt(96.0 / N));
    /* Where low + (high - low) u rounds up to high. */
    for (int i = 0; i < 1000; i++)
        assert_true(wg_rl_uniform(&random, 1, 1 + 0x1p-52) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(actions_are_scaled_to_the_bounds),
        TEST(what_is_given_may_go),
        TEST(a_reset_begins_all_anew),
        TEST(the_last_observation_is_no_first_one),
        TEST(threads_do_not_change_a_bit),
        TEST(a_saved_vector_goes_on_with_the_same_bits),
        TEST(an_episode_begins_where_one_says),
        TEST(a_step_that_fails_moves_no_copy),
        TEST(a_thread_that_ends_is_an_error),
        TEST(a_child_steps_without_helpers),
        TEST(random_numbers_are_uniform_and_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
