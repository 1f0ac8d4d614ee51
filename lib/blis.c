/* BLIS behind one file. Debian's BLIS 0.9.0 does not know CPUs newer than itself and falls back to portable kernels, five times slower.
   So the kernel family is chosen here from what the CPU can do, through BLIS's own switch, before BLIS first looks. */
#include "blis.h"

#include <blis.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The family for this CPU, or -1 to leave the choice to BLIS: never tried out, because a family that the CPU does not have kills the
   process. The numbers change between versions of BLIS, so the running library must call the number by the expected name. */
static int family_for_cpu(const char **name)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        *name = "skx";
        return BLIS_ARCH_SKX;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        *name = "haswell";
        return BLIS_ARCH_HASWELL;
    }
#endif
    return -1;
}

static void start(void)
{
    const char *name = "";
    const int family = family_for_cpu(&name);
    const bool chosen_by_user = getenv("BLIS_ARCH_TYPE") != NULL;
    char number[16];
    if (!chosen_by_user && family >= 0 && strcmp(bli_arch_string((arch_t)family), name) == 0) {
        snprintf(number, sizeof number, "%d", family);
        setenv("BLIS_ARCH_TYPE", number, 1);
        bli_init();
        bli_arch_query_id(); /* BLIS reads the variable here, once */
        unsetenv("BLIS_ARCH_TYPE");
    } else {
        bli_init();
    }
}

const char *wg_kernel_family(void)
{
    pthread_once(&once, start);
    return bli_arch_string(bli_arch_query_id());
}

wg_status wg_set_threads(int threads)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (threads < 1 || threads > 1024)
        return wg_fail(WG_E_ARGUMENT, "set_threads", "set_threads: %d is not in 1..1024", threads);
    th->threads = threads;
    return WG_OK;
}

int wg_threads(void)
{
    const struct wg_thread *th = wg_self();
    return th && th->threads ? th->threads : omp_get_max_threads();
}

void wg_gemm(wg_dtype dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row, int64_t a_column, const void *b,
             int64_t b_row, int64_t b_column, double beta, void *c, int64_t c_row, int64_t c_column)
{
    pthread_once(&once, start);
    rntm_t runtime;
    bli_rntm_init(&runtime);
    const double flops = 2.0 * (double)m * (double)n * (double)k;
    bli_rntm_set_num_threads(flops < 4e5 || omp_in_parallel() ? 1 : wg_threads(), &runtime);
    float one_s = 1, beta_s = (float)beta;
    double one_d = 1;
    void *left = (void *)(uintptr_t)a, *right = (void *)(uintptr_t)b;
    if (dtype == WG_F32)
        bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n, k, &one_s, left, a_row, a_column, right, b_row, b_column, &beta_s,
                     c, c_row, c_column, NULL, &runtime);
    else
        bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n, k, &one_d, left, a_row, a_column, right, b_row, b_column, &beta, c,
                     c_row, c_column, NULL, &runtime);
}

wg_status wg_warmup(int threads)
{
    const int before = wg_threads();
    WG_TRY(wg_set_threads(threads));
    enum { N = 192 };
    struct wg_storage *block = wg_storage_new(3 * N * N * sizeof(double));
    if (block) {
        double *x = (double *)(void *)wg_storage_data(block);
        memset(x, 0, 3 * N * N * sizeof *x);
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
            wg_gemm((wg_dtype)dtype, N, N, N, x, N, 1, x + N * N, N, 1, 0, x + 2 * N * N, N, 1);
        wg_storage_unref(block);
    }
    WG_TRY(wg_set_threads(before));
    return block ? WG_OK : WG_E_MEMORY;
}

const char *wg_version(void)
{
    return WG_VERSION;
}
