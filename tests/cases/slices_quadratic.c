/* A recurrence over the rows of a computed matrix (n, 14), used one by one: the time of a step is linear in n. */
#include <time.h>

#include "case.h"

enum { MOST = 4096 };

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static wg_status step(wg_tensor *x, int64_t n)
{
    static wg_tensor *part[MOST];
    WG_TAPE(tape);
    wg_tensor *h = wg_zeros(WG_F64, WG_SHAPE(14));
    WG_TRY(wg_unbind(wg_sigmoid(x), 0, part, (size_t)n));
    for (int64_t i = 0; i < n; i++)
        h = wg_tanh(wg_add(h, part[i]));
    WG_TRY(wg_backward(wg_sum(h)));
    wg_clear_gradient(x);
    return WG_OK;
}

int main(void)
{
    double best[2] = {0};
    wg_set_threads(1);
    for (int k = 0; k < 2; k++) {
        const int64_t n = k == 0 ? MOST / 4 : MOST;
        wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(n, 14)), true);
        for (int rep = 0; rep < 8; rep++) {
            const double from = cpu();
            is_("a step", step(x, n) == WG_OK);
            const double took = 1e3 * (cpu() - from);
            best[k] = rep == 0 || took < best[k] ? took : best[k];
        }
        wg_free(x);
    }
    printf("figure: %d rows of 14: %.2f ms, %.1f times a quarter of the rows (goal 4)\n", MOST, best[1], best[1] / best[0]);
    return end_();
}
