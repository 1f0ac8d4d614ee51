/* The peak memory of training steps, replayed and eager. */
#include <pthread.h>

#include "common.h"

/* Networks trained on few rows, on many, with statistics, and deep ones. */
struct kind {
    int64_t size[20];
    size_t n;
    int64_t batch;
    bool batch_norm, adam, replayed;
    int64_t peak, planned, launches; /* bytes above those in use before the step */
};

struct pupil {
    wg_nn_module *net;
    wg_optim *optim;
    wg_tensor *x, *labels;
};

static wg_status learn(void *context)
{
    const struct pupil *p = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_cross_entropy(wg_nn_apply(p->net, p->x), p->labels)));
    return wg_optim_step(p->optim);
}

/* Runs in a fresh thread, so that the peak is that of this run. */
static void *measure(void *context)
{
    struct kind *k = context;
    struct pupil p = {.x = numbers(WG_F32, WG_SHAPE(k->batch, k->size[0]), 7),
                      .labels = made(wg_zeros(WG_I64, WG_SHAPE(k->batch)))};
    assert_ok(wg_set_threads(1));
    const wg_sizes sizes = {(int)k->n, k->size};
    p.net = wg_nn_mlp(sizes, .batch_norm = k->batch_norm, .seed = 1);
    assert_non_null(p.net);
    p.optim = k->adam ? wg_optim_adam(wg_nn_parameters(p.net), .lr = 1e-3) : wg_optim_sgd(wg_nn_parameters(p.net), .lr = 1e-3);
    assert_non_null(p.optim);
    assert_non_null(wg_generator_default());
    const int64_t before = wg_memory_now().live;
    wg_replay *replay = k->replayed ? wg_replay_capture(learn, &p) : NULL;
    assert_true(replay || !k->replayed);
    for (int step = 0; step < 2; step++)
        assert_ok(replay ? wg_replay_run(replay) : learn(&p));
    k->peak = wg_memory_now().peak - before;
    k->planned = (int64_t)wg_replay_inspect(replay).planned;
    k->launches = (int64_t)wg_replay_inspect(replay).logged;
    wg_replay_destroy(replay);
    wg_optim_destroy(p.optim), wg_nn_destroy(p.net), wg_free(p.x), wg_free(p.labels);
    return NULL;
}

/* Capturing a step takes no memory besides the log: no copies of parameters are kept for undoing. */
static void peaks_are_those_of_steps(void **state)
{
    (void)state;
    const struct kind kinds[] = {
        {.size = {64, 32, 10}, .n = 3, .batch = 32},
        {.size = {784, 256, 128, 10}, .n = 4, .batch = 128, .adam = true},
        {.size = {784, 256, 128, 10}, .n = 4, .batch = 128, .adam = true, .batch_norm = true},
        {.size = {128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 10}, .n = 17, .batch = 128},
    };
    enum {
        LOG = 1024,
        FIRST = 1 << 18
    }; /* bytes per launch; bytes that the first step allocates once, and the workspace of
                                             products */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct kind eager = kinds[i], replayed = kinds[i];
        pthread_t thread;
        replayed.replayed = true;
        assert_int_equal(pthread_create(&thread, NULL, measure, &eager), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(pthread_create(&thread, NULL, measure, &replayed), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        if (replayed.planned > eager.peak || replayed.peak > eager.peak + FIRST + LOG * replayed.launches)
            fail_msg("network %zu: %lld bytes eager, %lld replayed, of which %lld are planned", i, (long long)eager.peak,
                     (long long)replayed.peak, (long long)replayed.planned);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peaks_are_those_of_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
