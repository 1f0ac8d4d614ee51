/* Number of threads, as OpenMP counts them, and work shared with helper threads (team.c). Kernels and the engine ask here, not
   OpenMP. */
#include "core/parallel.h"

#include <omp.h>

#include "core/internal.h"
#include "core/team.h"
#include "cpu/denormals.h"

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
    return wg_tls.in_part || omp_in_parallel() ? 1 : wg_threads();
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

void wg_forget_team(struct wg_thread *th)
{
    th->team = NULL;
}

/* This thread's team, for at least so many threads; NULL if there is none. */
static struct wg_team *team_of(struct wg_thread *th, int threads)
{
    if (th->team && wg_team_threads(th->team) < threads) {
        wg_team_free(th->team);
        th->team = NULL;
    }
    if (!th->team)
        th->team = wg_team_new(threads);
    return th->team;
}

static void run_timed(const struct wg_thread *th, struct wg_team *team, int threads, int64_t n, wg_part *body, void *context)
{
    wg_team_set_timed(team, true);
    wg_team_run(team, threads, n, body, context);
    wg_team_set_timed(team, false);
    for (int part = 0; wg_team_parts(team) > 1 && part < wg_team_parts(team); part++) {
        const struct wg_part_time time = wg_team_part_time(team, part);
        wg_tell_worked(th, time.helper, time.begin, time.end);
    }
}

void wg_parallel(int threads, int64_t n, wg_part *body, void *context)
{
    struct wg_thread *th = threads > 1 && n > 1 && !wg_tls.in_part ? wg_self() : NULL;
    struct wg_team *team = th ? team_of(th, threads) : NULL;
    if (!team) {
        body(0, n, context);
        return;
    }
    if (th->watchers) {
        run_timed(th, team, threads, n, body, context);
        return;
    }
    wg_team_run(team, threads, n, body, context);
}
