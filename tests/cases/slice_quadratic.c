/* x (T, 32, 256) is cut into T slices, each used once, as a recurrent layer does. A step takes time linear in T: the gradients of all
   slices are added into one tensor of x's shape. First argument: how the slices are made. */
#include <time.h>

#include "case.h"

enum { MOST = 256 };

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static wg_status cut(const char *how, wg_tensor *y, int64_t n, wg_tensor **part)
{
    int64_t one[MOST];
    for (int64_t t = 0; t < n; t++)
        one[t] = 1;
    if (strcmp(how, "split") == 0)
        return wg_split(y, 0, one, (size_t)n, part);
    if (strcmp(how, "unbind") == 0)
        return wg_unbind(y, 0, part, (size_t)n);
    for (int64_t t = 0; t < n; t++)
        part[t] = wg_slice(y, 0, t, t + 1, 1);
    return part[n - 1] ? WG_OK : WG_E_NULL;
}

static wg_status step(const char *how, wg_tensor *x, int64_t n)
{
    WG_TAPE(tape);
    wg_tensor *part[MOST], *s[MOST];
    WG_TRY(cut(how, wg_mul_scalar(x, 2), n, part));
    for (int64_t t = 0; t < n; t++)
        s[t] = wg_sum(wg_tanh(part[t]));
    WG_TRY(wg_backward(wg_sum(wg_stack(s, (size_t)n, 0))));
    wg_clear_gradient(x);
    return WG_OK;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "slice";
    double best[2] = {0};
    wg_set_threads(1);
    for (int k = 0; k < 2; k++) {
        const int64_t n = k == 0 ? MOST / 4 : MOST;
        wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(n, 32, 256)), true);
        for (int rep = 0; rep < 12; rep++) {
            const double from = cpu();
            is_("a step", step(how, x, n) == WG_OK);
            const double took = 1e3 * (cpu() - from);
            best[k] = rep == 0 || took < best[k] ? took : best[k];
        }
        wg_free(x);
    }
    printf("figure: %s: %.1f ms at T = 256 (goal 18, PyTorch's unbind), %.1f times T = 64 (goal 4)\n", how, best[1],
           best[1] / best[0]);
    return end_();
}
