/* Deep and wide graphs: nothing recurses, and the work is linear in the length. These threads have 256 KiB of stack. */
#include <pthread.h>

#include "instructions.h"

enum { DEEP = 1000000, WIDE = 100000, STACK = 256 * 1024 };

/* ---- jobs for the small stack ---- */

struct job {
    void (*run)(struct job *);
    int length;
    double value, gradient;
    int64_t count, nodes, live_after;
    bool done;
};

static wg_tensor *chain(wg_tensor *x, int length)
{
    for (int i = 0; i < length && x; i++)
        x = wg_mul_scalar(x, i % 2 ? 0.5 : 2);
    return x;
}

static void *start(void *context)
{
    struct job *job = context;
    wg_set_threads(1);
    job->run(job);
    return NULL;
}

static void run_in_small_stack(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, start, job), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_true(job->done);
}

static void forward_backward_free(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 3), true);
    const int counter = counter_open();
    const int64_t before = instructions(counter);
    {
        WG_TAPE(tape);
        wg_tensor *y = chain(x, job->length);
        job->nodes = (int64_t)wg_tape_nodes(tape);
        job->value = wg_item(y);
        if (wg_backward(y) == WG_OK)
            job->gradient = wg_item(wg_gradient(x));
    }
    job->count = instructions(counter) - before;
    if (counter >= 0)
        close(counter);
    wg_free(x);
    job->done = true;
}

static void deep_chain_in_a_small_stack(void **state)
{
    (void)state;
    struct job job = {.run = forward_backward_free, .length = DEEP};
    run_in_small_stack(&job);
    assert_int_equal(job.nodes, DEEP);
    assert_near(job.value, 3, 0);
    assert_near(job.gradient, 1, 0);
}

static void deep_chain_costs_the_same_per_node(void **state)
{
    (void)state;
#if defined(TEST_ASAN) || defined(TEST_TSAN)
    skip(); /* a sanitizer's instructions would be counted, and valgrind does not run with it */
#endif
    struct job shorter = {.run = forward_backward_free, .length = DEEP / 10},
               longer = {.run = forward_backward_free, .length = DEEP};
    run_in_small_stack(&shorter);
    if (shorter.count > 0) {
        run_in_small_stack(&longer);
    } else {
        const int64_t start_up = instructions_by_callgrind("chain", 0);
        shorter.count = instructions_by_callgrind("chain", 4000) - start_up;
        longer.count = instructions_by_callgrind("chain", 40000) - start_up;
        if (start_up == 0)
            skip(); /* neither the kernel's counters nor valgrind are available */
    }
    assert_true(shorter.count > 10000);
    assert_true(longer.count <= shorter.count * 10 + shorter.count / 2);
}

static void grad_and_second_order(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 0.3), true);
    {
        WG_TAPE(tape);
        wg_tensor *y = wg_mul(chain(x, job->length), x); /* x² */
        wg_tensor *g = wg_grad(y, x, .create_graph = true);
        job->value = wg_item(g);
        job->gradient = wg_item(wg_grad(g, x));
        job->nodes = (int64_t)wg_tape_nodes(tape);
    }
    wg_free(x);
    job->done = true;
}

static void deep_chain_to_second_order(void **state)
{
    (void)state;
    struct job job = {.run = grad_and_second_order, .length = DEEP};
    run_in_small_stack(&job);
    assert_near(job.value, 0.6, 1e-15);
    assert_near(job.gradient, 2, 1e-15);
    assert_true(job.nodes > 2 * DEEP);
}

static void keep_and_drop(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 3), true), *kept;
    {
        WG_TAPE(tape);
        wg_tensor *y = x;
        for (int i = 0; i < job->length && y; i++) {
            wg_tensor *next = wg_mul_scalar(y, 1);
            wg_drop(y);
            y = next;
        }
        kept = wg_keep(y); /* visits everything it depends on */
    }
    job->value = wg_item(kept);
    {
        WG_TAPE(tape);
        wg_tensor *z = wg_set_requires_grad(wg_scalar(WG_F64, 2), true);
        wg_tensor *g = wg_grad(wg_mul(kept, z), x, .unused = WG_UNUSED_ZEROS); /* kept is detached from x: an error */
        job->gradient = g ? 0 : 1;
    }
    wg_error_take(NULL);
    wg_free(kept);
    wg_free(x);
    job->done = true;
}

static void deep_chain_kept_and_dropped(void **state)
{
    (void)state;
    struct job job = {.run = keep_and_drop, .length = DEEP};
    run_in_small_stack(&job);
    assert_near(job.value, 3, 0);
    assert_near(job.gradient, 1, 0);
}

static void wide(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 0.5), true);
    {
        WG_TAPE(tape);
        wg_tensor *y = NULL;
        for (int i = 0; i < job->length; i++) {
            wg_tensor *term = wg_mul_scalar(x, i % 7);
            y = y ? wg_add(y, term) : term;
        }
        job->value = wg_item(wg_grad(y, x));
        if (wg_backward(y) == WG_OK)
            job->gradient = wg_item(wg_gradient(x));
    }
    wg_free(x);
    job->done = true;
}

static void one_leaf_used_many_times(void **state)
{
    (void)state;
    struct job job = {.run = wide, .length = WIDE};
    run_in_small_stack(&job);
    double want = 0;
    for (int i = 0; i < WIDE; i++)
        want += i % 7;
    assert_near(job.value, want, 0);
    assert_near(job.gradient, want, 0);
}

/* Many tapes, each opened on top of the one before. */
static void tower(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 3), true), *y = x;
    for (int i = 0; i < job->length; i++) {
        wg_tape_open();
        y = wg_mul_scalar(y, 1);
    }
    if (wg_backward(y) == WG_OK)
        job->gradient = wg_item(wg_gradient(x));
    while (wg_tape_top())
        wg_tape_close(wg_tape_top());
    wg_free(x);
    job->done = true;
}

static void a_tower_of_tapes(void **state)
{
    (void)state;
    struct job job = {.run = tower, .length = 1000};
    run_in_small_stack(&job);
    assert_near(job.gradient, 1, 0);
}

int main(int argc, char **argv)
{
    if (argc == 3) { /* run by callgrind */
        struct job job = {.run = forward_backward_free, .length = (int)strtol(argv[2], NULL, 10)};
        job.run(&job);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        TEST(deep_chain_in_a_small_stack), TEST(deep_chain_costs_the_same_per_node), TEST(deep_chain_to_second_order),
        TEST(deep_chain_kept_and_dropped), TEST(one_leaf_used_many_times),           TEST(a_tower_of_tapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
