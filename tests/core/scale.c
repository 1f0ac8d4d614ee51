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
    wg_tensor **leaf, *kept;
};

/* Callgrind counts what runs in this function, as the kernel's counter does around it. */
void counted_section(struct job *job, void (*part)(struct job *));
__attribute__((noinline)) void counted_section(struct job *job, void (*part)(struct job *))
{
    part(job);
}

static void count(struct job *job, void (*part)(struct job *))
{
    const int counter = counter_open();
    const int64_t before = instructions(counter);
    counted_section(job, part);
    job->count = instructions(counter) - before;
    if (counter >= 0)
        close(counter);
}

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

static void through_a_chain(struct job *job)
{
    WG_TAPE(tape);
    wg_tensor *x = job->leaf[0], *y = chain(x, job->length);
    job->nodes = (int64_t)wg_tape_nodes(tape);
    job->value = wg_item(y);
    if (wg_backward(y) == WG_OK)
        job->gradient = wg_item(wg_gradient(x));
}

static void forward_backward_free(struct job *job)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 3), true);
    job->leaf = &x;
    count(job, through_a_chain);
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

static wg_tensor *as_it_is(wg_tensor *g, void *context)
{
    (void)context;
    return g;
}

static wg_tensor *sum_of_leaves(wg_tensor **leaf, int length)
{
    wg_tensor *y = leaf[0];
    for (int i = 1; i < length && y; i++)
        y = wg_add(y, leaf[i]);
    return y;
}

static wg_tensor **leaves_new(int length)
{
    wg_tensor **leaf = calloc((size_t)length + 1, sizeof *leaf);
    for (int i = 0; i < length; i++)
        leaf[i] = wg_set_requires_grad(wg_scalar(WG_F64, i % 3), true);
    return leaf;
}

static void leaves_free(wg_tensor **leaf, int length)
{
    for (int i = 0; i < length; i++)
        wg_free(leaf[i]);
    free(leaf);
}

/* Leaves that belong to the tape. Each gradient is written, hooked, read and cleared. */
static void through_leaves_of_a_tape(struct job *job)
{
    WG_TAPE(tape);
    wg_tensor **leaf = leaves_new(job->length);
    for (int i = 0; i < job->length; i++)
        assert_int_equal(wg_add_hook(leaf[i], as_it_is, NULL), WG_OK);
    wg_tensor *y = sum_of_leaves(leaf, job->length);
    job->done = y && wg_backward(y) == WG_OK;
    for (int i = 0; i < job->length && job->done; i++) {
        job->gradient += wg_item(wg_gradient(leaf[i]));
        wg_clear_gradient(leaf[i]);
    }
    free(leaf);
}

static void leaves_of_a_tape(struct job *job)
{
    count(job, through_leaves_of_a_tape);
}

static void keep_a_sum(struct job *job)
{
    WG_TAPE(tape);
    job->kept = wg_keep(sum_of_leaves(job->leaf, job->length));
}

/* A kept value remembers the leaves that it was computed from. */
static void leaves_of_a_kept_value(struct job *job)
{
    job->leaf = leaves_new(job->length);
    count(job, keep_a_sum);
    job->done = job->kept != NULL;
    job->gradient = job->length;
    wg_free(job->kept);
    leaves_free(job->leaf, job->length);
}

static wg_tensor *captured_sum(wg_tensor *const *x, size_t n, void *context)
{
    const struct job *job = context;
    (void)n;
    wg_tensor *y = sum_of_leaves(job->leaf, job->length);
    return y ? wg_mul(y, x[0]) : NULL;
}

static void through_a_checkpoint(struct job *job)
{
    wg_tensor *x = wg_scalar(WG_F64, 1);
    {
        WG_TAPE(tape);
        wg_tensor *y = wg_checkpoint(captured_sum, job, &x, 1);
        job->done = y && wg_backward(y) == WG_OK;
    }
    wg_free(x);
}

/* A checkpointed function that reads many leaves which are not its operands. */
static void leaves_of_a_checkpoint(struct job *job)
{
    job->leaf = leaves_new(job->length);
    count(job, through_a_checkpoint);
    for (int i = 0; i < job->length && job->done; i++)
        job->gradient += wg_item(wg_gradient(job->leaf[i]));
    leaves_free(job->leaf, job->length);
}

static const struct counted {
    const char *name;
    void (*run)(struct job *job);
} counted[] = {{"chain", forward_backward_free},
               {"tape", leaves_of_a_tape},
               {"kept", leaves_of_a_kept_value},
               {"checkpoint", leaves_of_a_checkpoint}};
enum { N_COUNTED = sizeof counted / sizeof *counted };

/* FACTOR times the length costs at most FACTOR times the instructions, and 5 % more. A power of two, since hash tables double: with another
   factor they would grow by more than it, or by less. */
enum { FACTOR = 16, LONG_COUNT = 40000 };

static void costs_the_same_each(const struct counted *job, int length)
{
#if defined(TEST_ASAN) || defined(TEST_TSAN)
    skip(); /* a sanitizer's instructions would be counted, and valgrind does not run with it */
#endif
    struct job shorter = {.run = job->run, .length = length / FACTOR}, longer = {.run = job->run, .length = length};
    run_in_small_stack(&shorter);
    if (shorter.count > 0) {
        run_in_small_stack(&longer);
    } else {
        shorter.count = instructions_by_callgrind("counted_section", job->name, LONG_COUNT / FACTOR);
        longer.count = instructions_by_callgrind("counted_section", job->name, LONG_COUNT);
        if (shorter.count == 0)
            skip(); /* neither the kernel's counters nor valgrind are available */
    }
    assert_true(shorter.count > 10000);
    if (longer.count > shorter.count * FACTOR + shorter.count * FACTOR / 20)
        fail_msg("%s: %lld instructions, and %lld for %d times the length", job->name, (long long)shorter.count,
                 (long long)longer.count, FACTOR);
}

static void deep_chain_costs_the_same_per_node(void **state)
{
    (void)state;
    costs_the_same_each(&counted[0], DEEP);
}

static void many_leaves(void **state)
{
    (void)state;
    for (int i = 1; i < N_COUNTED; i++) {
        struct job job = {.run = counted[i].run, .length = 1000};
        run_in_small_stack(&job);
        assert_near(job.gradient, 1000, 0);
    }
}

static void many_leaves_cost_the_same_each(void **state)
{
    (void)state;
    for (int i = 1; i < N_COUNTED; i++)
        costs_the_same_each(&counted[i], 60000); /* a node has at most 65,535 operands */
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
        struct job job = {.length = (int)strtol(argv[2], NULL, 10)};
        for (int i = 0; i < N_COUNTED; i++)
            if (strcmp(argv[1], counted[i].name) == 0)
                counted[i].run(&job);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        TEST(deep_chain_in_a_small_stack),
        TEST(deep_chain_costs_the_same_per_node),
        TEST(deep_chain_to_second_order),
        TEST(deep_chain_kept_and_dropped),
        TEST(one_leaf_used_many_times),
        TEST(a_tower_of_tapes),
        TEST(many_leaves),
        TEST(many_leaves_cost_the_same_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
