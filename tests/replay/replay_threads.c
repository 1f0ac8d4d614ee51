/* A replay and threads that come after the one that captured it. A later thread may have the address of one that has ended; here, where
   no other test has used the heap, it does. */
#include <pthread.h>

#include "small_steps.h"

static wg_status exponential(struct small *s)
{
    return keep(s, wg_exp(s->x));
}

static void *capture_elsewhere(void *s)
{
    return wg_replay_capture(small_step, s);
}

static void *run_elsewhere(void *replay)
{
    const wg_status status = wg_replay_run(replay);
    wg_error_take(NULL);
    return status == WG_E_THREAD ? replay : NULL;
}

static void *on_another_thread(void *(*function)(void *context), void *context)
{
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, function, context), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    return result;
}

static void no_later_thread_runs_a_replay(void **state)
{
    (void)state;
    struct small s = {.x = numbers(WG_F32, WG_SHAPE(8), 1), .work = exponential};
    for (int round = 0; round < 10; round++) {
        wg_replay *replay = on_another_thread(capture_elsewhere, &s);
        assert_non_null(replay);
        for (int i = 0; i < 10; i++)
            assert_ptr_equal(on_another_thread(run_elsewhere, replay), replay);
        wg_replay_destroy(replay);
    }
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_later_thread_runs_a_replay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
