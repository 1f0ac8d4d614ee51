/* Datasets: of tensors, of functions, subsets, and batches of them. */
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data_check.h"

/* Item i: x = (i, i²), y = 3 i. The context counts how often it is called, and how often destroyed. */
struct squares {
    int calls, destroyed;
    int64_t fails_at;
};

static wg_status square(void *context, const wg_dataset_item *item)
{
    struct squares *s = context;
    s->calls++;
    if (item->index == s->fails_at)
        return wg_error_set(WG_E_IO, "square", "square: no item at this place");
    double *x = item->x;
    x[0] = (double)item->index;
    x[1] = (double)(item->index * item->index);
    *(int64_t *)item->y = 3 * item->index;
    return WG_OK;
}

static void destroy_squares(void *context)
{
    ((struct squares *)context)->destroyed++;
}

static wg_dataset *squares(struct squares *s, int64_t n)
{
    return wg_dataset_create(square, s, n, .x_dtype = WG_F64, .x_shape = WG_SHAPE(2), .destroy = destroy_squares);
}

static void a_function_is_a_dataset(void **state)
{
    (void)state;
    struct squares s = {.fails_at = -1};
    wg_dataset *dataset = squares(&s, 7);
    const wg_dataset_info info = wg_dataset_inspect(dataset);
    assert_int_equal(info.length, 7);
    assert_int_equal(info.x.dtype, WG_F64);
    assert_int_equal(info.x.shape.extent[0], 2);
    assert_int_equal(info.y.shape.rank, 0);
    assert_true(info.labels);
    wg_tensor *x, *y, *index = index_of(3, 6, -2);
    assert_ok(wg_dataset_items(dataset, index, &x, &y));
    assert_values(x, (const double[]){6, 36, 4, 16, 2, 4}, 0);
    assert_values(y, (const double[]){18, 12, 6}, 0);
    assert_int_equal(s.calls, 3);
    wg_free(x), wg_free(y), wg_free(index);
    assert_ok(wg_dataset_items(dataset, WG_NONE, &x, &y));
    assert_int_equal(wg_extent(x, 0), 7);
    wg_free(x), wg_free(y);
    assert_int_equal(s.destroyed, 0);
    wg_dataset_destroy(dataset);
    assert_int_equal(s.destroyed, 1);
}

/* What is beneath lives as long as what is made of it, whatever the order in which handles are given back. */
static void datasets_live_as_long_as_they_are_used(void **state)
{
    (void)state;
    struct squares s = {.fails_at = -1};
    wg_dataset *base = squares(&s, 10);
    wg_tensor *odd = index_of(5, 1, 2), *ends = index_of(2, 0, 4);
    wg_dataset *part = wg_dataset_subset(base, odd), *part_of_part = wg_dataset_subset(part, ends);
    wg_batches *batches = wg_batches_of(part_of_part, .size = 2, .shuffle = false);
    wg_dataset_destroy(base), wg_dataset_destroy(part), wg_dataset_destroy(part_of_part);
    wg_free(odd), wg_free(ends);
    int64_t label[2];
    assert_int_equal(run_epoch(batches, label), 2);
    assert_int_equal(label[0], 3);
    assert_int_equal(label[1], 27);
    assert_int_equal(s.destroyed, 0);
    wg_batches_destroy(batches);
    assert_int_equal(s.destroyed, 1);
}

/* Tensors through a dataset give the batches that wg_batches_create gives, and share memory with them. */
static void tensors_are_shared(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(9, 3), *y = index_of(9, 0, 1);
    wg_dataset *dataset = wg_dataset_of(x, y);
    wg_batches *direct = wg_batches_create(x, y, .size = 4, .seed = 2), *through = wg_batches_of(dataset, .size = 4, .seed = 2);
    ((float *)wg_data_mut(x))[0] = -5;
    wg_free(x), wg_free(y);
    for (int i = 0; i < 7; i++) {
        WG_TAPE(tape);
        wg_tensor *a[2], *b[2];
        assert_ok(wg_batches_next(direct, &a[0], &a[1]));
        assert_ok(wg_batches_next(through, &b[0], &b[1]));
        assert_true((a[0] == NULL) == (b[0] == NULL));
        for (int k = 0; k < 2 && a[0]; k++)
            assert_same_bits(a[k], b[k]);
    }
    wg_tensor *first, *label, *index = index_of(1, 0, 1);
    assert_ok(wg_dataset_items(dataset, index, &first, &label));
    assert_values(first, (const double[]){-5, 1, 2}, 0);
    wg_free(first), wg_free(label), wg_free(index);
    wg_batches_destroy(direct), wg_batches_destroy(through), wg_dataset_destroy(dataset);
}

static void a_failing_item_is_named(void **state)
{
    (void)state;
    struct squares s = {.fails_at = 5};
    wg_dataset *dataset = squares(&s, 8);
    wg_batches *batches = wg_batches_of(dataset, .size = 4, .shuffle = false);
    wg_tensor *x, *y;
    assert_ok(wg_batches_next(batches, &x, &y));
    wg_free(x), wg_free(y);
    for (int i = 0; i < 2; i++) { /* the position is as before, so the next call fails again */
        assert_fails(wg_batches_next(batches, &x, &y), WG_E_IO, "batches_next: item 5: square: no item at this place");
        assert_true(!x && !y);
    }
    s.fails_at = -1;
    assert_ok(wg_batches_next(batches, &x, &y));
    assert_values(y, (const double[]){12, 15, 18, 21}, 0);
    wg_free(x), wg_free(y);
    s.fails_at = 2;
    assert_fails(wg_dataset_items(dataset, WG_NONE, &x, &y), WG_E_IO, "dataset_items: item 2: square: no item");
    assert_true(!x && !y);
    wg_batches_destroy(batches), wg_dataset_destroy(dataset);
}

static wg_status says_nothing(void *context, const wg_dataset_item *item)
{
    (void)item;
    return *(const wg_status *)context;
}

static void a_status_without_words_has_its_text(void **state)
{
    (void)state;
    wg_status status = WG_E_IO;
    wg_dataset *dataset = wg_dataset_create(says_nothing, &status, 2, .labels = false);
    wg_tensor *x;
    assert_fails(wg_dataset_items(dataset, WG_NONE, &x, NULL), WG_E_IO,
                 "dataset_items: item 0: a file could not be read or written");
    status = (wg_status)7;
    assert_fails(wg_dataset_items(dataset, WG_NONE, &x, NULL), WG_E_BUG, "dataset_items: item 0: an op or a function");
    wg_dataset_destroy(dataset);
}

/* Rows without elements and datasets without items are no special case. */
static void nothing_is_allowed(void **state)
{
    (void)state;
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(3, 0)), *none = index_of(0, 0, 1), *rows;
    wg_dataset *dataset = wg_dataset_of(x, WG_NONE), *empty = wg_dataset_subset(dataset, none);
    assert_ok(wg_dataset_items(dataset, WG_NONE, &rows, NULL));
    assert_int_equal(wg_extent(rows, 0), 3);
    wg_free(rows);
    assert_ok(wg_dataset_items(empty, WG_NONE, &rows, NULL));
    assert_int_equal(wg_extent(rows, 0), 0);
    wg_free(rows);
    assert_null_and_error(wg_batches_of(empty), WG_E_ARGUMENT, "some rows, got 32 of 0");
    for (int workers = 0; workers < 2; workers++) {
        wg_batches *batches = wg_batches_of(dataset, .size = 2, .workers = workers);
        assert_ok(wg_batches_next(batches, &rows, NULL));
        assert_int_equal(wg_extent(rows, 0), 2);
        wg_free(rows);
        wg_batches_destroy(batches);
    }
    wg_free(x), wg_free(none), wg_dataset_destroy(dataset), wg_dataset_destroy(empty);
}

static void rows_are_taken(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(5, 2), *index = index_of(3, 4, -2), *far = index_of(2, 4, 1);
    wg_tensor *rows = wg_dataset_take_rows(x, index);
    assert_values(rows, (const double[]){4000, 4001, 2000, 2001, 0, 1}, 0);
    assert_null_and_error(wg_dataset_take_rows(x, far), WG_E_ARGUMENT, "row 5 is not in 0..4");
    wg_free(x), wg_free(index), wg_free(far), wg_free(rows);
}

static wg_status next_in_step(void *context)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    return wg_batches_next(context, &x, &y);
}

static wg_status take_in_step(void *context)
{
    wg_tensor **t = context;
    return wg_error_if_null(wg_dataset_take_rows(t[0], t[1]));
}

static void a_capture_refuses_rows(void **state)
{
    (void)state;
    wg_tensor *t[] = {wg_zeros(WG_F32, WG_SHAPE(4, 2)), wg_zeros(WG_I64, WG_SHAPE(2))};
    assert_null(wg_replay_capture(take_in_step, t));
    assert_int_equal(wg_error_take(NULL), WG_E_STATE);
    wg_free(t[0]), wg_free(t[1]);
}

/* A batch is made before a step that is captured, not in it: that is an error, and the position is as it was. */
static void a_capture_refuses_batches(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows(8, 2), *y = index_of(8, 0, 1);
    for (int workers = 0; workers < 2; workers++) {
        wg_batches *batches = wg_batches_create(x, y, .size = 4, .seed = 1, .workers = workers);
        assert_null(wg_replay_capture(next_in_step, batches));
        assert_int_equal(wg_error_take(NULL), WG_E_STATE);
        assert_int_equal(wg_batches_state_of(batches).position, 0);
        int64_t label[8];
        assert_int_equal(run_epoch(batches, label), 8);
        wg_batches_destroy(batches);
    }
    wg_free(x), wg_free(y);
}

/* Takes its time, so that the threads are at work when the process forks, and counts. */
static wg_status slow_row(void *context, const wg_dataset_item *item)
{
    atomic_fetch_add((atomic_int *)context, 1);
    usleep(1000);
    *(float *)item->x = (float)item->index;
    *(int64_t *)item->y = item->index;
    return WG_OK;
}

/* In the child: goes back to the first batch if `back`, runs to the end of the epoch, and sends the order. */
static void run_in_child(wg_batches *batches, bool back, int to)
{
    int64_t rest[40] = {0};
    alarm(30); /* a child that waits for threads it does not have ends */
    if (back && wg_batches_restore(batches, (wg_batches_state){6, 0, 0}) != WG_OK)
        _exit(1);
    const int64_t n = run_epoch(batches, rest + (back ? 0 : 4));
    wg_batches_destroy(batches);
    _exit(n == (back ? 40 : 36) && write(to, rest, sizeof rest) == sizeof rest ? 0 : 1);
}

/* A child of fork goes on with its own threads, and its batches are the parent's. */
static void a_child_of_fork_goes_on(void **state)
{
    (void)state;
    atomic_int begun;
    wg_dataset *dataset = wg_dataset_create(slow_row, &begun, 40);
    for (int back = 0; back < 2; back++) {
        atomic_store(&begun, 0);
        wg_batches *batches = wg_batches_of(dataset, .size = 4, .seed = 6, .workers = 2, .ahead = 3);
        wg_tensor *rows, *labels;
        int64_t mine[40] = {0}, its[40] = {0};
        int ends[2], status = 1;
        assert_ok(wg_batches_next(batches, &rows, &labels));
        memcpy(mine, wg_data(labels), 4 * sizeof *mine);
        wg_free(rows), wg_free(labels);
        assert_int_equal(pipe(ends), 0);
        while (atomic_load(&begun) < 4 + 6) /* both threads have started: an allocator of sanitizers may be locked while they do */
            usleep(100);
        const pid_t child = fork();
        if (child == 0)
            run_in_child(batches, back, ends[1]);
        assert_int_equal(run_epoch(batches, mine + 4), 36);
        close(ends[1]);
        assert_int_equal(read(ends[0], its, sizeof its), sizeof its);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_memory_equal(mine + 4, its + 4, 36 * sizeof *mine);
        assert_true(!back || memcmp(mine, its, 4 * sizeof *mine) == 0);
        close(ends[0]);
        wg_batches_destroy(batches);
    }
    wg_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_function_is_a_dataset),
        TEST(datasets_live_as_long_as_they_are_used),
        TEST(tensors_are_shared),
        TEST(a_failing_item_is_named),
        TEST(a_status_without_words_has_its_text),
        TEST(nothing_is_allowed),
        TEST(rows_are_taken),
        TEST(a_capture_refuses_rows),
        TEST(a_capture_refuses_batches),
        TEST(a_child_of_fork_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
