/* Results that are denormal are slow on many CPUs; wg_flush_denormals makes them as fast as any. */
#include <time.h>

#include "case.h"

static double seconds(double scale)
{
    double best = 1;
    for (int round = 0; round < 20; round++) {
        WG_TAPE(tape);
        struct timespec from, to;
        wg_tensor *x = wg_full(WG_F64, WG_SHAPE(100000), scale);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        wg_tensor *y = wg_sum(wg_mul(x, x));
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        const double took = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
        best = y && took < best ? took : best;
    }
    return best;
}

int main(void)
{
    (void)wg_set_threads(1);
    const double ordinary = seconds(1), denormal = seconds(1e-155);
    if (wg_flush_denormals(true) != WG_OK) {
        printf("figure: this CPU has no mode that flushes denormals\n");
        return 0;
    }
    const double flushed = seconds(1e-155);
    printf("figure: denormals take %.1f times what ordinary numbers take; flushed, %.2f times (goal: 1.1)\n", denormal / ordinary,
           flushed / ordinary);
    return 0;
}
