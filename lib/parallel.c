/* Threads: OpenMP, the runtime that BLIS brings, and the only place that calls it. */
#include "parallel.h"

#include <omp.h>

#include "denormals.h"
#include "internal.h"

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

wg_status wg_flush_denormals(bool on)
{
    if (on && !WG_DENORMALS_CAN)
        return wg_fail(WG_E_STATE, "flush_denormals", "flush_denormals: this CPU has no such mode, or Wengert does not know it");
    wg_denormals_set(on ? WG_DENORMALS_FLUSHED : 0);
    return WG_OK;
}

bool wg_flushes_denormals(void)
{
    return wg_denormals_mode() == WG_DENORMALS_FLUSHED && WG_DENORMALS_CAN;
}

int wg_free_threads(void)
{
    return omp_in_parallel() ? 1 : wg_threads();
}

int wg_kernel_threads(double work)
{
    return work < 65536 ? 1 : wg_free_threads();
}

int wg_library_threads(int threads)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    return before;
}

void wg_parallel(int threads, int64_t n, wg_part *body, void *context)
{
    if (threads <= 1 || n <= 1) {
        body(0, n, context);
        return;
    }
    const unsigned denormals = wg_denormals_mode(); /* the workers' is the caller's: no result depends on who computes it */
#pragma omp parallel num_threads(threads)
    {
        wg_denormals_set(denormals);
        const int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
        const int64_t first = n * me / team, last = n * (me + 1) / team;
        if (first < last)
            body(first, last, context);
    }
}
