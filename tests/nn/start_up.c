/* What a program pays before its first gradient: from main to the end of XOR's first backward pass at most 20 ms. Instructions and page
   faults are asserted, because times vary; at 1 ns per instruction and 1 µs per fault the bounds below are 1.2 ms. */
#include <sys/resource.h>

#include "instructions.h"

enum { MAX_INSTRUCTIONS = 1000000, MAX_FAULTS = 200 };

static long page_faults(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt + usage.ru_majflt;
}

static int threads_running(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    int threads = 0;
    char line[256];
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "Threads:", 8))
            threads = atoi(line + 8);
    fclose(file);
    return threads;
}

static wg_status first_gradient(void)
{
    const float in[] = {0, 0, 0, 1, 1, 0, 1, 1}, want[] = {0, 1, 1, 0};
    wg_tensor *x = wg_from(in, WG_SHAPE(4, 2)), *y = wg_from(want, WG_SHAPE(4, 1));
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .seed = 1);
    wg_status status;
    {
        WG_TAPE(tape);
        status = wg_backward(wg_bce_with_logits(wg_nn_apply(net, x), y));
    }
    wg_nn_destroy(net);
    wg_free(x), wg_free(y);
    return status;
}

/* The child process. Prints its page faults and its threads after the first gradient; with length 0 it does nothing. */
static int child(int length)
{
    const long before = page_faults();
    if (length > 0 && first_gradient() != WG_OK)
        return 1;
    const long faults = page_faults() - before;
    printf("%ld page faults, %d threads\n", faults, threads_running());
    return 0;
}

static void needs_few_instructions(void **state)
{
    (void)state;
#if defined(TEST_ASAN) || defined(TEST_TSAN)
    skip(); /* valgrind does not run with a sanitizer */
#endif
    const int64_t start = instructions_by_callgrind(NULL, "child", 0), all = instructions_by_callgrind(NULL, "child", 1);
    if (start <= 0)
        skip(); /* no valgrind */
    if (all <= start || all - start > MAX_INSTRUCTIONS)
        fail_msg("%lld instructions from main to the first gradient, expected 1 to %d", (long long)(all - start), MAX_INSTRUCTIONS);
}

static void touches_few_pages_and_starts_no_thread(void **state)
{
    (void)state;
#if defined(TEST_ASAN) || defined(TEST_TSAN)
    skip(); /* a sanitizer's own pages and threads would be counted */
#endif
    char command[80];
    long faults = -1;
    int threads = 0;
    snprintf(command, sizeof command, "/proc/%d/exe child 1", (int)getpid());
    FILE *output = popen(command, "r");
    assert_non_null(output);
    assert_int_equal(fscanf(output, "%ld page faults, %d threads", &faults, &threads), 2);
    assert_int_equal(pclose(output), 0);
    if (faults <= 0 || faults > MAX_FAULTS)
        fail_msg("%ld page faults from main to the first gradient, expected 1 to %d", faults, MAX_FAULTS);
    assert_int_equal(threads, 1);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "child"))
        return child(atoi(argv[2]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_few_instructions),
        cmocka_unit_test(touches_few_pages_and_starts_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
