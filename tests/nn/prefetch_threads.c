/* Threads that make batches ahead: the same bits for any number of them, errors, restarts, and an end. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "data_check.h"

enum { ROWS = 41, WIDTH = 6 };

static wg_tensor *images(void)
{
    wg_tensor *flat = counted_rows(ROWS, WIDTH * WIDTH), *t = wg_reshape(flat, WG_SHAPE(ROWS, 1, WIDTH, WIDTH));
    wg_free(flat);
    return t;
}

/* Flip, crop, noise: every step draws. */
static wg_dataset *augmented(wg_tensor *x, wg_tensor *y)
{
    wg_dataset *base = wg_dataset_of(x, y), *flip = wg_dataset_flip(base), *crop = wg_dataset_crop(flip, .padding = 2),
               *noise = wg_dataset_noise(crop);
    wg_dataset_destroy(base), wg_dataset_destroy(flip), wg_dataset_destroy(crop);
    assert_non_null(noise);
    return noise;
}

/* A hash of all bits of two epochs and their labels, by the order in which they come. */
static uint64_t hash_of_batches(wg_batches *batches, int epochs)
{
    uint64_t hash = 14695981039346656037u;
    while (epochs > 0) {
        WG_TAPE(tape);
        wg_tensor *t[2];
        assert_ok(wg_batches_next(batches, &t[0], &t[1]));
        epochs -= !t[0];
        for (int k = 0; k < 2 && t[0]; k++) {
            const unsigned char *bytes = wg_data(t[k]);
            for (size_t i = 0; i < (size_t)wg_numel(t[k]) * wg_dtype_size(wg_dtype_of(t[k])); i++)
                hash = (hash ^ bytes[i]) * 1099511628211u;
        }
    }
    return hash;
}

static void bits_do_not_depend_on_the_number_of_workers(void **state)
{
    (void)state;
    wg_tensor *x = images(), *y = index_of(ROWS, 0, 1), *w = wg_ones(WG_F64, WG_SHAPE(ROWS));
    wg_dataset *dataset = augmented(x, y);
    for (int kind = 0; kind < 4; kind++) {
        uint64_t first = 0;
        for (int workers = 0; workers <= 8; workers++) {
            wg_batches *batches = wg_batches_of(dataset, .size = 5, .seed = 9, .workers = workers,
                                                .ahead = workers ? 1 + workers % 4 : 0, .drop_last = kind == 1,
                                                .replacement = kind == 2, .weights = kind == 3 ? w : WG_NONE);
            const uint64_t hash = hash_of_batches(batches, 3);
            assert_true(workers == 0 || hash == first);
            first = hash;
            wg_batches_destroy(batches);
        }
        wg_batches *other = wg_batches_of(dataset, .size = 5, .seed = 10, .workers = 2, .drop_last = kind == 1,
                                          .replacement = kind == 2, .weights = kind == 3 ? w : WG_NONE);
        assert_true(hash_of_batches(other, 3) != first); /* the control */
        wg_batches_destroy(other);
    }
    wg_free(x), wg_free(y), wg_free(w), wg_dataset_destroy(dataset);
}

/* A run that stops in mid-epoch goes on with another number of workers, and one that jumps back repeats itself. */
static void the_state_is_that_of_what_was_returned(void **state)
{
    (void)state;
    wg_tensor *x = images(), *y = index_of(ROWS, 0, 1);
    wg_dataset *dataset = augmented(x, y);
    wg_batches *whole = wg_batches_of(dataset, .size = 4, .seed = 1, .workers = 3, .ahead = 7),
               *other = wg_batches_of(dataset, .size = 4, .seed = 2, .workers = 2);
    wg_tensor *rows, *labels;
    for (int i = 0; i < 15; i++) {
        assert_ok(wg_batches_next(whole, &rows, &labels));
        wg_free(rows), wg_free(labels);
    }
    const wg_batches_state at = wg_batches_state_of(whole);
    assert_int_equal(at.epoch, 1);
    assert_int_equal(at.position, 12);
    assert_ok(wg_batches_next(other, &rows, &labels)); /* its threads are at work elsewhere */
    wg_free(rows), wg_free(labels);
    assert_ok(wg_batches_restore(other, at));
    const uint64_t rest = hash_of_batches(whole, 2);
    assert_true(hash_of_batches(other, 2) == rest);
    assert_ok(wg_batches_restore(whole, at));
    assert_true(hash_of_batches(whole, 2) == rest);
    wg_batches_destroy(whole), wg_batches_destroy(other);
    wg_free(x), wg_free(y), wg_dataset_destroy(dataset);
}

/* ---- items that fail, sleep or count ---- */

struct slow {
    atomic_int made, running, most, fails_at; /* fails_at: an item; -1: none */
    long nanoseconds;
};

static wg_status slow_item(void *context, const wg_dataset_item *item)
{
    struct slow *s = context;
    const int running = atomic_fetch_add(&s->running, 1) + 1;
    int most = atomic_load(&s->most);
    while (running > most && !atomic_compare_exchange_weak(&s->most, &most, running))
        ;
    if (s->nanoseconds > 0)
        nanosleep(&(struct timespec){0, s->nanoseconds}, NULL);
    atomic_fetch_sub(&s->running, 1);
    if (item->index == atomic_load(&s->fails_at))
        return wg_error_set(WG_E_IO, "disk", "disk: no such sector");
    *(float *)item->x = (float)item->index;
    *(int64_t *)item->y = item->index;
    atomic_fetch_add(&s->made, 1);
    return WG_OK;
}

/* The batch of the item that fails is an error, each time that it is asked for; the batches before it and, once it can be made,
   those after it are as they should be. */
static void a_failing_item_is_the_error_of_its_batch(void **state)
{
    (void)state;
    for (int workers = 0; workers < 4; workers++) {
        struct slow slow = {.fails_at = 9};
        wg_dataset *dataset = wg_dataset_create(slow_item, &slow, 20);
        wg_batches *batches = wg_batches_of(dataset, .size = 4, .shuffle = false, .workers = workers);
        wg_tensor *x, *y;
        for (int i = 0; i < 2; i++) {
            assert_ok(wg_batches_next(batches, &x, &y));
            assert_near(element(x, 0), 4 * i, 0);
            wg_free(x), wg_free(y);
        }
        for (int i = 0; i < 3; i++) {
            assert_fails(wg_batches_next(batches, &x, &y), WG_E_IO, "batches_next: item 9: disk: no such sector");
            assert_int_equal(wg_batches_state_of(batches).position, 8);
        }
        atomic_store(&slow.fails_at, -1);
        int64_t label[20];
        assert_ok(wg_batches_restore(batches, (wg_batches_state){0, 0, 8}));
        assert_int_equal(run_epoch(batches, label), 12);
        for (int i = 0; i < 12; i++)
            assert_int_equal(label[i], 8 + i);
        wg_batches_destroy(batches), wg_dataset_destroy(dataset);
    }
}

/* An error that the caller has not taken stays the first one. */
static void an_earlier_error_stays(void **state)
{
    (void)state;
    struct slow slow = {.fails_at = 0};
    wg_dataset *dataset = wg_dataset_create(slow_item, &slow, 20);
    for (int workers = 0; workers < 3; workers++) {
        wg_batches *batches = wg_batches_of(dataset, .size = 4, .shuffle = false, .workers = workers);
        wg_tensor *x, *y;
        (void)wg_error_set(WG_E_SHAPE, "mine", "mine: earlier");
        assert_int_equal(wg_batches_next(batches, &x, &y), WG_E_IO);
        expect_error(WG_E_SHAPE, "mine: earlier");
        wg_batches_destroy(batches);
    }
    wg_dataset_destroy(dataset);
}

static void *end_this_thread(void *context)
{
    (void)context;
    pthread_exit(NULL);
}

/* Item 3 ends the thread that makes it, once. */
static wg_status ends_its_thread(void *context, const wg_dataset_item *item)
{
    atomic_int *left = context;
    *(float *)item->x = (float)item->index;
    *(int64_t *)item->y = item->index;
    if (item->index == 3 && atomic_fetch_sub(left, 1) > 0)
        end_this_thread(NULL);
    return WG_OK;
}

struct caller {
    wg_batches *batches;
    int64_t label[8], n;
    bool failed;
};

static void *run_as_caller(void *context)
{
    struct caller *caller = context;
    for (bool ends = false; !ends;) {
        WG_TAPE(tape); /* which frees what a thread that ends leaves */
        wg_tensor *x, *y;
        if (wg_batches_next(caller->batches, &x, &y) != WG_OK) {
            caller->failed = true;
            wg_error_take(NULL);
            continue;
        }
        ends = !x;
        if (!ends)
            caller->label[caller->n++] = *(const int64_t *)wg_data(y);
    }
    return NULL;
}

/* A worker or a caller that ends in the function of an item leaves nothing locked: the batch is an error or is made anew, and
   later ones come. */
static void a_thread_that_ends_in_an_item(void **state)
{
    (void)state;
    for (int workers = 1; workers < 3; workers++) {
        atomic_int left = 1;
        wg_dataset *dataset = wg_dataset_create(ends_its_thread, &left, 8);
        struct caller caller = {.batches = wg_batches_of(dataset, .size = 1, .shuffle = false, .workers = workers)};
        for (int runs = 0; runs < 2 && caller.n < 8; runs++) {
            pthread_t thread;
            assert_int_equal(pthread_create(&thread, NULL, run_as_caller, &caller), 0);
            pthread_join(thread, NULL);
        }
        assert_int_equal(caller.n, 8);
        for (int i = 0; i < 8; i++)
            assert_int_equal(caller.label[i], i);
        wg_batches_destroy(caller.batches), wg_dataset_destroy(dataset);
    }
}

struct gate {
    pthread_mutex_t lock;
    atomic_int arrived;
};

/* Items but the first wait at a gate. */
static wg_status waits_at_gate(void *context, const wg_dataset_item *item)
{
    struct gate *gate = context;
    if (item->index > 0) {
        atomic_fetch_add(&gate->arrived, 1);
        pthread_mutex_lock(&gate->lock);
        pthread_mutex_unlock(&gate->lock);
    }
    *(float *)item->x = 1;
    *(int64_t *)item->y = item->index;
    return WG_OK;
}

static void *ask_once(void *context)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    (void)!wg_batches_next(context, &x, &y);
    return context; /* not reached */
}

static void sleep_for(long milliseconds)
{
    nanosleep(&(struct timespec){0, 1000000 * milliseconds}, NULL);
}

/* A caller that is cancelled while it waits gives the lock back: another thread may go on, and destroy. */
static void a_caller_may_be_cancelled(void **state)
{
    (void)state;
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_mutex_lock(&gate.lock);
    wg_dataset *dataset = wg_dataset_create(waits_at_gate, &gate, 6);
    wg_batches *batches = wg_batches_of(dataset, .size = 1, .shuffle = false, .workers = 1, .ahead = 1);
    wg_tensor *x, *y;
    assert_ok(wg_batches_next(batches, &x, &y));
    wg_free(x), wg_free(y);
    while (atomic_load(&gate.arrived) == 0)
        sleep_for(1);
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, ask_once, batches), 0);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    pthread_mutex_unlock(&gate.lock);
    int64_t label[6];
    assert_int_equal(run_epoch(batches, label), 5);
    assert_int_equal(label[0], 1);
    wg_batches_destroy(batches), wg_dataset_destroy(dataset);
}

static void threads_work_at_once_and_sleep_otherwise(void **state)
{
    (void)state;
    struct slow slow = {.fails_at = -1, .nanoseconds = 2000000};
    wg_dataset *dataset = wg_dataset_create(slow_item, &slow, 60);
    wg_batches *batches = wg_batches_of(dataset, .size = 2, .shuffle = false, .workers = 3, .ahead = 6);
    int64_t label[60];
    assert_int_equal(run_epoch(batches, label), 60);
    assert_true(atomic_load(&slow.most) > 1);
    for (int i = 0; i < 10000 && atomic_load(&slow.made) < 72; i++) /* an epoch, and what is made ahead: 6 batches of 2 */
        sleep_for(1);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sleep_for(200);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(atomic_load(&slow.made), 72);
    const double used = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    assert_true(used < 0.1); /* three that poll would use 0.4 to 0.6 */
    wg_batches_destroy(batches), wg_dataset_destroy(dataset);
}

/* Destroying drops what is queued, and does not wait for it: 8 batches of 50 ms are asked for, about one for each worker is made.
   */
static void destroying_joins_the_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct slow slow = {.fails_at = -1, .nanoseconds = i == 0 ? 50000000 : 0};
        wg_dataset *dataset = wg_dataset_create(slow_item, &slow, 40);
        wg_batches *batches = wg_batches_of(dataset, .size = 1, .workers = 1 + i % 4, .ahead = 8);
        wg_tensor *x, *y;
        for (int k = 0; k < i % 3; k++) {
            assert_ok(wg_batches_next(batches, &x, &y));
            wg_free(x), wg_free(y);
        }
        wg_batches_destroy(batches);
        assert_int_equal(atomic_load(&slow.running), 0);
        assert_true(atomic_load(&slow.made) <= i % 3 + 9);
        wg_dataset_destroy(dataset);
    }
}

/* Handles of one dataset in iterators of several threads. */
static void *own_iterator(void *context)
{
    wg_batches *batches = wg_batches_of((wg_dataset *)context, .size = 3, .seed = 4, .workers = 2);
    uint64_t *hash = malloc(sizeof *hash);
    *hash = hash_of_batches(batches, 2);
    wg_batches_destroy(batches);
    return hash;
}

static void threads_share_a_dataset(void **state)
{
    (void)state;
    wg_tensor *x = images(), *y = index_of(ROWS, 0, 1);
    wg_dataset *dataset = augmented(x, y);
    pthread_t thread[3];
    uint64_t *hash[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, own_iterator, dataset), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], (void **)&hash[i]);
        assert_true(*hash[i] == *hash[0]);
    }
    for (int i = 0; i < 3; i++)
        free(hash[i]);
    wg_free(x), wg_free(y), wg_dataset_destroy(dataset);
}

/* Memory that runs out while threads are at work: the batch comes at the next call. */
static void out_of_memory_leaves_the_position(void **state)
{
    (void)state;
    wg_tensor *x = images(), *y = index_of(ROWS, 0, 1);
    wg_dataset *dataset = augmented(x, y);
    wg_batches *broken = wg_batches_of(dataset, .size = 4, .seed = 1, .workers = 2),
               *whole = wg_batches_of(dataset, .size = 4, .seed = 1);
    int64_t k = 0;
    for (wg_status status = WG_E_MEMORY; status != WG_OK; k++) {
        wg_tensor *rows, *labels;
        wg_memory_fail(k, false);
        status = wg_batches_next(broken, &rows, &labels);
        wg_memory_fail(-1, false);
        assert_true(status == WG_OK || wg_error_take(NULL) == WG_E_MEMORY);
        wg_free(rows), wg_free(labels);
    }
    assert_true(k > 1);
    assert_ok(wg_batches_restore(broken, wg_batches_state_of(whole)));
    assert_true(hash_of_batches(broken, 2) == hash_of_batches(whole, 2));
    wg_batches_destroy(broken), wg_batches_destroy(whole);
    wg_free(x), wg_free(y), wg_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_do_not_depend_on_the_number_of_workers),
        TEST(the_state_is_that_of_what_was_returned),
        TEST(a_failing_item_is_the_error_of_its_batch),
        TEST(an_earlier_error_stays),
        TEST(a_thread_that_ends_in_an_item),
        TEST(a_caller_may_be_cancelled),
        TEST(threads_work_at_once_and_sleep_otherwise),
        TEST(destroying_joins_the_threads),
        TEST(threads_share_a_dataset),
        TEST(out_of_memory_leaves_the_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
