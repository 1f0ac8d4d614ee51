/* Many tapes in the user's threads on shared parameters: their gradients, added in a fixed order by one thread, are those of a
   serial run, bit for bit. Storage may be freed by another thread than the one that allocated it. */
#include <pthread.h>

#include "common.h"

enum { WORKERS = 4, LAYERS = 2, PARAMETERS = 2 * LAYERS, ROUNDS = 20 };

struct worker {
    wg_tensor *const *parameter;
    int index, round;
    wg_tensor *gradient[PARAMETERS]; /* kept; owned by the thread that frees them */
    bool failed;
};

static void *work(void *context)
{
    struct worker *worker = context;
    wg_tensor *const *p = worker->parameter;
    wg_set_threads(1);
    if (wg_seed(17, (uint64_t)(worker->round * WORKERS + worker->index)) != WG_OK) {
        worker->failed = true;
        return NULL;
    }
    WG_TAPE(tape);
    wg_tensor *x = wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(16, 12), 0, 1), *g[PARAMETERS];
    wg_tensor *y = wg_linear(wg_tanh(wg_linear(x, p[0], p[1])), p[2], p[3]);
    if (wg_grad_many(wg_mean(wg_square(y)), p, PARAMETERS, g) != WG_OK) {
        worker->failed = true;
        return NULL;
    }
    for (int i = 0; i < PARAMETERS; i++) {
        worker->gradient[i] = wg_keep(g[i]);
        worker->failed = worker->failed || !worker->gradient[i];
    }
    return NULL;
}

/* The thread that adds the gradients also makes the update. */
static void add_and_update(wg_tensor *const *parameter, struct worker *worker)
{
    for (int w = 0; w < WORKERS; w++)
        for (int i = 0; i < PARAMETERS; i++) {
            assert_false(worker[w].failed);
            assert_ok(wg_add_gradient(parameter[i], worker[w].gradient[i]));
            wg_free(worker[w].gradient[i]);
        }
    wg_tensor *rate = made(wg_scalar(WG_F32, -0.05));
    for (int i = 0; i < PARAMETERS; i++) {
        wg_tensor *change = made(wg_mul(wg_gradient(parameter[i]), rate));
        assert_ok(wg_accumulate(parameter[i], change));
        wg_free(change);
        wg_clear_gradient(parameter[i]);
    }
    wg_free(rate);
}

static void train(wg_tensor **parameter, bool parallel)
{
    const wg_shape shape[PARAMETERS] = {WG_SHAPE(8, 12), WG_SHAPE(8), WG_SHAPE(3, 8), WG_SHAPE(3)};
    for (int i = 0; i < PARAMETERS; i++)
        parameter[i] = leaf(WG_F32, shape[i], (uint64_t)i + 1);
    for (int round = 0; round < ROUNDS; round++) {
        struct worker worker[WORKERS];
        pthread_t thread[WORKERS];
        for (int w = 0; w < WORKERS; w++) {
            worker[w] = (struct worker){.parameter = parameter, .index = w, .round = round};
            if (parallel)
                assert_int_equal(pthread_create(&thread[w], NULL, work, &worker[w]), 0);
            else
                work(&worker[w]);
        }
        for (int w = 0; w < WORKERS && parallel; w++)
            assert_int_equal(pthread_join(thread[w], NULL), 0);
        add_and_update(parameter, worker);
    }
}

static void parallel_gradients_are_the_serial_ones(void **state)
{
    (void)state;
    live_excuse(); /* threads free what others allocated */
    wg_tensor *serial[PARAMETERS], *parallel[PARAMETERS], *again[PARAMETERS];
    train(serial, false);
    train(parallel, true);
    train(again, true);
    for (int i = 0; i < PARAMETERS; i++) {
        assert_same_bits(serial[i], parallel[i]);
        assert_same_bits(serial[i], again[i]);
        wg_free(serial[i]);
        wg_free(parallel[i]);
        wg_free(again[i]);
    }
}

/* ---- storage freed by another thread ---- */

static void *make_many(void *context)
{
    wg_tensor **t = context;
    for (int i = 0; i < 100; i++)
        t[i] = wg_full(WG_F64, WG_SHAPE(50 + i), i);
    return NULL;
}

static void *free_many(void *context)
{
    wg_tensor **t = context;
    for (int i = 0; i < 100; i++)
        wg_free(t[i]);
    return NULL;
}

static void storage_is_freed_by_another_thread(void **state)
{
    (void)state;
    wg_tensor *t[100] = {NULL}, *mine[100] = {NULL};
    pthread_t maker, freer;
    assert_int_equal(pthread_create(&maker, NULL, make_many, t), 0);
    assert_int_equal(pthread_join(maker, NULL), 0); /* the thread has ended, its values remain */
    for (int i = 0; i < 100; i++)
        assert_near(element(t[i], i % 50), i, 0);
    free_many(t);
    make_many(mine);
    live_excuse(); /* what another thread frees stays counted among this one's bytes */
    assert_int_equal(pthread_create(&freer, NULL, free_many, mine), 0);
    assert_int_equal(pthread_join(freer, NULL), 0);
}

static void *make_large(void *context)
{
    *(wg_tensor **)context = wg_zeros(WG_F32, WG_SHAPE(1 << 18));
    return NULL;
}

/* Memory that workers keep and this thread frees does not enter this thread's pool. */
static void a_pool_takes_nothing_of_other_threads(void **state)
{
    (void)state;
    const wg_memory before = wg_memory_now();
    for (int i = 0; i < 20; i++) {
        wg_tensor *t = NULL;
        pthread_t maker;
        assert_int_equal(pthread_create(&maker, NULL, make_large, &t), 0);
        assert_int_equal(pthread_join(maker, NULL), 0);
        wg_free(made(t));
    }
    live_excuse(); /* handles rest for a while before they are given back, the earlier ones too */
    assert_in_range(wg_memory_now().live + (1 << 16) - before.live, 0, 2 << 16);
    assert_in_range(wg_memory_now().pooled + (1 << 16) - before.pooled, 0, 2 << 16);
}

/* A leaf that its owner frees while other threads' tapes still use it. */
struct user {
    wg_tensor *leaf;
    pthread_barrier_t *recorded, *freed;
    double value;
};

static void *use_leaf(void *context)
{
    struct user *user = context;
    wg_set_threads(1);
    WG_TAPE(tape);
    wg_tensor *y = wg_sum(wg_mul(user->leaf, user->leaf));
    pthread_barrier_wait(user->recorded);
    pthread_barrier_wait(user->freed);
    user->value = wg_backward(y) == WG_OK ? wg_item(y) : -1;
    return NULL;
}

static void a_leaf_freed_by_its_owner_lives_on_in_other_threads_tapes(void **state)
{
    (void)state;
    live_excuse(); /* threads free what others allocated */
    pthread_barrier_t recorded, freed;
    pthread_t thread[WORKERS];
    struct user user[WORKERS];
    wg_tensor *w = leaf(WG_F64, WG_SHAPE(20), 1);
    double want = 0;
    for (int i = 0; i < 20; i++)
        want += element(w, i) * element(w, i);
    assert_int_equal(pthread_barrier_init(&recorded, NULL, WORKERS + 1), 0);
    assert_int_equal(pthread_barrier_init(&freed, NULL, WORKERS + 1), 0);
    for (int i = 0; i < WORKERS; i++) {
        user[i] = (struct user){w, &recorded, &freed, 0};
        assert_int_equal(pthread_create(&thread[i], NULL, use_leaf, &user[i]), 0);
    }
    pthread_barrier_wait(&recorded);
    wg_free(w);
    pthread_barrier_wait(&freed);
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_near(user[i].value, want, 1e-12);
    }
    pthread_barrier_destroy(&recorded);
    pthread_barrier_destroy(&freed);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(parallel_gradients_are_the_serial_ones),
        TEST(storage_is_freed_by_another_thread),
        TEST(a_pool_takes_nothing_of_other_threads),
        TEST(a_leaf_freed_by_its_owner_lives_on_in_other_threads_tapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
