/* The environment: the kernel family that was selected, and whether asserts are enabled in this build. */
#include <assert.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static void kernels_are_not_generic_where_the_cpu_has_avx2(void **state)
{
    (void)state;
    assert_non_null(wg_kernel_family());
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (getenv("BLIS_ARCH_TYPE") || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        skip(); /* the user selected a family, or the CPU has no better one */
    assert_string_not_equal(wg_kernel_family(), "generic");
    assert_null(getenv("BLIS_ARCH_TYPE")); /* the selection leaves the environment unchanged */
#else
    skip(); /* only x86-64 has a generic family */
#endif
}

static void threads_are_limited_and_per_thread(void **state)
{
    (void)state;
    const int before = wg_threads();
    assert_true(before >= 1);
    assert_fails(wg_set_threads(0), WG_E_ARGUMENT, "set_threads: 0 is not in 1..1024");
    assert_fails(wg_set_threads(1025), WG_E_ARGUMENT, "set_threads: 1025");
    assert_int_equal(wg_threads(), before);
    assert_ok(wg_set_threads(3));
    assert_int_equal(wg_threads(), 3);
    assert_fails(wg_warmup(-1), WG_E_ARGUMENT, "set_threads: -1");
    assert_ok(wg_warmup(2));
    assert_int_equal(wg_threads(), 3);
    assert_ok(wg_set_threads(before));
    assert_string_equal(wg_version(), WG_VERSION);
}

/* A build without asserts would pass every test that relies on them. */
static void asserts_are_alive(void **state)
{
    (void)state;
#ifdef NDEBUG
    fail_msg("NDEBUG is defined");
#endif
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* replaces cmocka's handler */
        close(STDERR_FILENO);
        assert(0);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kernels_are_not_generic_where_the_cpu_has_avx2),
        TEST(threads_are_limited_and_per_thread),
        TEST(asserts_are_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
