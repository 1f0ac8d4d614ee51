/* Memory over a long run: resident memory does not grow, and after the first step of each shape nothing in the process calls
   malloc, BLIS and OpenMP included. This program replaces the C library's allocation functions in order to count them. */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "steady.h"

#if !defined(TEST_ASAN) && !defined(TEST_TSAN) && defined(__GLIBC__)
static const bool counting = true;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);

static atomic_bool watching;
static atomic_long allocations;

static void count(void)
{
    if (atomic_load(&watching))
        atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count();
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    count();
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    count();
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : 12;
}
#else /* sanitizers replace them too, and keep freed memory for a while */
static const bool counting = false;
static atomic_bool watching;
static atomic_long allocations;
#endif

static long resident_pages(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%*s %ld", &pages), 1);
    fclose(statm);
    return pages;
}

static void ten_thousand_steps_do_not_grow(void **state)
{
    (void)state;
    const long steps = how_often(10000, 1000000);
    struct net net;
    assert_true(net_make(&net, 10, 16, 4));
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(8, 10), 1), *labels = net_labels(8, 4);
    double loss = 0;
    long before = 0;
    for (long step = 0; step < steps; step++) {
        assert_ok(net_step(&net, x, labels, &loss));
        if (step == 100)
            before = resident_pages();
    }
    const long grown = (resident_pages() - before) * sysconf(_SC_PAGESIZE);
    assert_true(grown < 1 << 20 || !counting);
    assert_true(loss < 0.5);
    wg_free(x);
    wg_free(labels);
    net_free(&net);
}

static void a_step_of_a_known_shape_allocates_nothing(void **state)
{
    (void)state;
    if (!counting)
        skip(); /* a sanitizer allocates for itself */
    enum { STEPS = 10 };
    static const int64_t batch[] = {64, 16, 200};
    for (int threads = 1; threads <= 2; threads++) {
        assert_ok(wg_warmup(threads));
        assert_ok(wg_set_threads(threads));
        struct net net;
        assert_true(net_make(&net, 100, 128, 10));
        for (size_t k = 0; k < 3; k++) {
            wg_tensor *x = numbers(WG_F32, WG_SHAPE(batch[k], 100), 1), *labels = net_labels(batch[k], 10);
            double loss;
            assert_ok(net_step(&net, x, labels, &loss));
            atomic_store(&allocations, 0);
            atomic_store(&watching, true);
            for (int step = 0; step < STEPS; step++)
                if (net_step(&net, x, labels, &loss) != WG_OK)
                    fail();
            atomic_store(&watching, false);
            assert_int_equal(atomic_load(&allocations), 0);
            wg_free(x);
            wg_free(labels);
        }
        net_free(&net);
    }
    atomic_store(&watching, true);
    void *volatile block = malloc(1);
    free(block);
    atomic_store(&watching, false);
    assert_int_equal(atomic_load(&allocations), 1); /* the counter works */
}

static void memory_is_given_back(void **state)
{
    (void)state;
    double loss;
    for (int round = 0; round < 3; round++) {
        struct net net;
        wg_memory_trim();
        const int64_t live = wg_memory_now().live;
        assert_true(net_make(&net, 10, 16, 4));
        wg_tensor *x = numbers(WG_F32, WG_SHAPE(8, 10), 1), *labels = net_labels(8, 4);
        assert_ok(net_step(&net, x, labels, &loss));
        assert_true(wg_memory_now().live > live);
        assert_true(wg_memory_now().peak >= wg_memory_now().live);
        wg_free(x);
        wg_free(labels);
        net_free(&net);
        wg_memory_trim();
        if (round > 0) /* in the first round the table of leaves may have grown */
            assert_int_equal(wg_memory_now().live, live);
        assert_int_equal(wg_memory_now().pooled, 0);
    }
}

/* A refused call returns the memory that it took from its tape. */
static void calls_that_fail_leave_nothing_on_the_tape(void **state)
{
    (void)state;
    wg_tensor *a = numbers(WG_F32, WG_SHAPE(2, 3), 1), *b = numbers(WG_F32, WG_SHAPE(4), 1);
    int64_t live = 0;
    wg_tape *tape = wg_tape_open();
    for (int i = 0; i < 10000; i++) {
        live = i == 10 ? wg_memory_now().live : live;
        assert_null(wg_add(a, b));
        assert_null(wg_concat((wg_tensor *[]){a, b}, 2, 0));
        wg_error_take(NULL);
    }
    assert_int_equal(wg_memory_now().live, live);
    wg_tape_close(tape);
    wg_free(a), wg_free(b);
}

/* Sections entered again, in any order, are found again; the same name below another section is a different one. */
static void sections_entered_again_take_no_memory(void **state)
{
    (void)state;
    enum { N = 100 };
    int64_t live[4];
    live_excuse(); /* the thread keeps them */
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < N; i++) {
            char name[16];
            snprintf(name, sizeof name, "%d", round == 1 ? N - 1 - i : round == 2 ? i * 37 % N : i);
            assert_ok(wg_section_push(name));
            assert_ok(wg_section_push("inner"));
            wg_section_pop();
            wg_section_pop();
        }
        live[round] = wg_memory_now().live;
    }
    assert_ok(wg_section_push("inner"));
    wg_section_pop();
    for (int round = 1; round < 4; round++)
        assert_int_equal(live[round], live[0]);
    assert_true(wg_memory_now().live > live[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ten_thousand_steps_do_not_grow),
        TEST(a_step_of_a_known_shape_allocates_nothing),
        TEST(memory_is_given_back),
        TEST(calls_that_fail_leave_nothing_on_the_tape),
        TEST(sections_entered_again_take_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
