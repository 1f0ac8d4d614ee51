/* What wg_matmul costs over BLIS itself: the same product, the same kernel family and threads, alternately; medians and their ratio. */
#include <blis.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wengert.h>

enum { N = 1024, ROUNDS = 41 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x)
{
    qsort(x, ROUNDS, sizeof *x, by_value);
    return x[ROUNDS / 2];
}

static double time_wengert(wg_tensor *a, wg_tensor *b)
{
    WG_TAPE(tape);
    const double start = now();
    if (!wg_matmul(a, b))
        exit(wg_report(stderr));
    return now() - start;
}

static double time_blis(wg_tensor *a, wg_tensor *b, float *c, int threads)
{
    float one = 1, zero = 0;
    rntm_t runtime;
    bli_rntm_init(&runtime);
    bli_rntm_set_num_threads(threads, &runtime);
    const double start = now();
    bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, N, N, N, &one, wg_data_mut(a), N, 1, wg_data_mut(b), N, 1, &zero, c, N, 1,
                 NULL, &runtime);
    return now() - start;
}

int main(void)
{
    wg_tensor *a = wg_full(WG_F32, WG_SHAPE(N, N), 0.5), *b = wg_full(WG_F32, WG_SHAPE(N, N), 2);
    float *c = aligned_alloc(64, (size_t)N * N * sizeof *c);
    if (!a || !b || !c)
        return wg_report(stderr);
    printf("kernel family %s, %d x %d x %d, f32, medians of %d\n", wg_kernel_family(), N, N, N, ROUNDS);
    for (int threads = 1; threads <= 2; threads++) {
        double wengert[ROUNDS], blis[ROUNDS];
        if (wg_set_threads(threads) != WG_OK || wg_warmup(threads) != WG_OK)
            return wg_report(stderr);
        for (int i = -3; i < ROUNDS; i++) {
            const double w = time_wengert(a, b), direct = time_blis(a, b, c, threads);
            if (i >= 0)
                wengert[i] = w, blis[i] = direct;
        }
        const double w = median(wengert), direct = median(blis);
        printf("%d thread%s: wg_matmul %.3f ms, BLIS %.3f ms, ratio %.3f\n", threads, threads > 1 ? "s" : "", 1e3 * w, 1e3 * direct,
               w / direct);
    }
    free(c);
    wg_free(a);
    wg_free(b);
    return 0;
}
