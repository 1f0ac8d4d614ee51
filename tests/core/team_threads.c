/* Work shared with helper threads: every part runs exactly once; small work is not shared; after a late helper the caller works
   alone for a while; a child of fork has its own helpers. No test depends on timing. */
#include <dirent.h>
#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#include "core/internal.h"
#include "core/team.h"

/* ---- parts ---- */

enum { MOST = 300 };

struct tally {
    atomic_int done[MOST], calls;
    pthread_t caller;
    atomic_int by_helpers, wrong; /* wrong: parts that may open threads, or that round differently from the caller */
    bool two_meet;                /* the caller's part waits until a helper has begun one, which then runs long */
    bool upward;
};

/* Does the SIMD unit, which the kernels use, round upward? fegetround answers for x87. */
static bool rounds_upward(void)
{
    volatile double one = 1, little = 1e-30;
    return one + little > 1;
}

static void count(int64_t first, int64_t last, void *context)
{
    struct tally *t = context;
    const bool helper = !pthread_equal(pthread_self(), t->caller);
    atomic_fetch_add(&t->calls, 1);
    atomic_fetch_add(&t->by_helpers, helper);
    atomic_fetch_add(&t->wrong, wg_free_threads() != 1 || rounds_upward() != t->upward);
    for (int64_t i = first; i < last; i++)
        atomic_fetch_add(&t->done[i], 1);
    while (t->two_meet && !helper && atomic_load(&t->by_helpers) == 0)
        usleep(100);
    if (t->two_meet && helper)
        usleep(50000);
}

static void tally_begin(struct tally *t, bool two_meet)
{
    memset(t, 0, sizeof *t);
    t->caller = pthread_self();
    t->two_meet = two_meet;
    t->upward = rounds_upward();
}

static void every_part_is_done_once(void **state)
{
    (void)state;
    struct tally t;
    for (int round = 0; round < 3000; round++) {
        const int threads = 2 + round % 4, n = 2 + round * 7 % (MOST - 1);
        tally_begin(&t, false);
        wg_parallel(threads, n, count, &t);
        for (int i = 0; i < MOST; i++)
            assert_int_equal(atomic_load(&t.done[i]), i < n);
        assert_true(atomic_load(&t.calls) <= threads);
        assert_int_equal(atomic_load(&t.wrong), 0);
    }
}

static void helpers_round_as_the_caller_does(void **state)
{
    (void)state;
    struct tally t;
    struct wg_team *team = wg_team_new(2);
    assert_non_null(team);
    fesetround(FE_UPWARD);
    tally_begin(&t, true);
    wg_team_run(team, 2, 2, count, &t);
    fesetround(FE_TONEAREST);
    assert_int_equal(atomic_load(&t.by_helpers), 1);
    assert_int_equal(atomic_load(&t.wrong), 0);
    wg_team_free(team);
}

static void after_a_late_helper_the_caller_works_alone(void **state)
{
    (void)state;
    struct tally t;
    struct wg_team *team = wg_team_new(2);
    assert_non_null(team);
    tally_begin(&t, true);
    wg_team_run(team, 2, 2, count, &t); /* the caller has waited 50 ms, so it works alone for at least a second */
    assert_int_equal(atomic_load(&t.by_helpers), 1);
    assert_int_equal(wg_team_counts(team).shared, 1);
    tally_begin(&t, false);
    for (int i = 0; i < 100; i++)
        wg_team_run(team, 2, 2, count, &t);
    assert_int_equal(atomic_load(&t.by_helpers), 0);
    assert_int_equal(atomic_load(&t.done[0]), 100);
    assert_int_equal(atomic_load(&t.done[1]), 100);
    assert_int_equal(wg_team_counts(team).shared, 1);
    assert_int_equal(wg_team_counts(team).alone, 100);
    wg_team_free(team);
}

/* After the penalty the helper is asleep. It is woken one region before it shares again, so that waking it is not counted as
   another delay. */
static void helpers_are_woken_before_they_share_again(void **state)
{
    (void)state;
    struct tally t;
    struct wg_team *team = wg_team_new(2);
    assert_non_null(team);
    tally_begin(&t, true);
    wg_team_run(team, 2, 2, count, &t);
    tally_begin(&t, false);
    while (wg_team_counts(team).woke == 0 && wg_team_counts(team).shared == 1) {
        usleep(20000); /* a helper spins for 0.2 ms */
        wg_team_run(team, 2, 2, count, &t);
    }
    assert_int_equal(wg_team_counts(team).woke, 1);
    assert_int_equal(wg_team_counts(team).shared, 1);
    wg_team_run(team, 2, 2, count, &t);
    assert_int_equal(wg_team_counts(team).shared, 2);
    wg_team_free(team);
}

/* ---- which work is shared ---- */

static void *train_small(void *context)
{
    struct wg_team **team = context;
    wg_set_threads(2);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(8, 64, 64, 2), .seed = 1);
    wg_optim *optim = wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3);
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(64, 8), 1);
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        if (wg_backward(wg_mean(wg_square(wg_nn_apply(net, x)))) != WG_OK || wg_optim_step(optim) != WG_OK)
            wg_error_report(stderr);
    }
    wg_free(x);
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
    *team = wg_self()->team;
    return NULL;
}

static wg_tensor *large_work(void)
{
    WG_TAPE(tape);
    wg_tensor *a = wg_full(WG_F32, WG_SHAPE(300, 300), 0.5);
    return wg_keep(wg_exp(wg_mul_scalar(wg_matmul(a, a), 1e-3)));
}

static void *work_large(void *context)
{
    struct wg_team **team = context;
    wg_set_threads(2);
    wg_free(large_work());
    *team = wg_self()->team;
    return NULL;
}

static void *in_a_thread(void *(*function)(void *))
{
    pthread_t thread;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, function, &result), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return result;
}

static void small_networks_have_no_helpers(void **state)
{
    (void)state;
    assert_null(in_a_thread(train_small));
    assert_non_null(in_a_thread(work_large));
}

static int threads_of_the_process(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while (readdir(tasks))
        n++;
    closedir(tasks);
    return n;
}

static void helpers_end_with_their_caller(void **state)
{
    (void)state;
    const int before = threads_of_the_process();
    for (int i = 0; i < 10; i++)
        (void)in_a_thread(work_large);
    assert_int_equal(threads_of_the_process(), before);
}

/* ---- fork ---- */

/* Returns 0 if the results of the child and a grandchild equal the parent's bit by bit and the child has its own helpers. */
static int child_of(const wg_tensor *parents, int depth)
{
    wg_tensor *mine = large_work();
    bool good = mine && memcmp(wg_data(mine), wg_data(parents), 90000 * sizeof(float)) == 0;
    good = good && wg_self()->team && threads_of_the_process() > 3;
    const pid_t child = depth > 0 ? fork() : 1;
    if (child == 0)
        _exit(child_of(parents, depth - 1));
    int status = 0;
    good = good && (depth == 0 || (waitpid(child, &status, 0) == child && status == 0));
    return !good;
}

static void wait_for(pid_t child)
{
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_child_of_fork_has_helpers_of_its_own(void **state)
{
    (void)state;
#ifdef TEST_TSAN
    skip(); /* it starts no threads after fork */
#endif
    wg_set_threads(2);
    wg_tensor *parents = made(large_work());
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(child_of(parents, 1));
    }
    wait_for(child);
    wg_tensor *again = made(large_work());
    assert_same_bits(again, parents);
    wg_free(parents);
    wg_free(again);
    wg_set_threads(1);
}

/* fork copies the open tape with the process: parent and child each continue with their copy. */
static void a_fork_inside_an_open_tape_copies_it(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1);
    wg_tape *tape = wg_tape_open();
    wg_tensor *y = made(wg_sum(wg_square(x)));
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        const bool good = wg_backward(y) == WG_OK && wg_gradient(x) && wg_tape_close(tape) == WG_OK;
        _exit(!good);
    }
    wait_for(child);
    assert_null(wg_gradient(x));
    assert_ok(wg_backward(y));
    assert_near(element(wg_gradient(x), 0), 2 * element(x, 0), 1e-15);
    assert_ok(wg_tape_close(tape));
    wg_free(x);
}

int main(void)
{
    alarm(110);
    const struct CMUnitTest tests[] = {
        TEST(every_part_is_done_once),
        TEST(helpers_round_as_the_caller_does),
        TEST(after_a_late_helper_the_caller_works_alone),
        TEST(helpers_are_woken_before_they_share_again),
        TEST(small_networks_have_no_helpers),
        TEST(helpers_end_with_their_caller),
        TEST(a_child_of_fork_has_helpers_of_its_own),
        TEST(a_fork_inside_an_open_tape_copies_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
