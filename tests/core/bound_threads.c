/* With OMP_PROC_BIND the first thread is bound to one core; the helper threads of ops must not be. */
#include <dirent.h>
#include <omp.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

/* The number of CPUs on which the thread may run. */
static int cpus_of(pid_t thread)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    return sched_getaffinity(thread, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 0;
}

static void helpers_run_wherever_openmp_may(void **state)
{
    (void)state;
    if (omp_get_num_places() == 0) {
        print_message("OpenMP knows no places here (no /sys): nothing says where helpers may run\n");
        skip();
    }
    assert_true(omp_get_proc_bind() != omp_proc_bind_false);
    wg_set_threads(2);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(1 << 20));
    for (int i = 0; i < 20; i++)
        wg_free(made(wg_tanh(x)));
    int cpus = 0, helpers = 0;
    for (int place = 0; place < omp_get_num_places(); place++)
        cpus += omp_get_place_num_procs(place);
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *task = readdir(tasks); task; task = readdir(tasks)) {
        const pid_t thread = (pid_t)atoi(task->d_name);
        if (thread <= 0 || thread == getpid())
            continue;
        helpers += cpus_of(thread) == cpus; /* a sanitizer's thread is bound and is not counted */
    }
    closedir(tasks);
    assert_true(helpers > 0);
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(helpers_run_wherever_openmp_may)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
