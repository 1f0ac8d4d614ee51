/* A pool of helper threads for one calling thread.

   The caller publishes the parts of a region and works on part 0; helpers claim the others. When the caller has finished its
   part it claims those that nobody has begun. So it never waits for a helper that the system has not scheduled; on a busy
   machine it does all the work. It waits only for parts that a helper has begun: it spins briefly, then sleeps in the kernel.

   If a region took longer than its parts in sequence would have taken, the caller then works alone for REPAY times the
   difference. So sharing costs at most 1/REPAY of the time, no matter what else the machine runs. Helpers fall asleep meanwhile.
   They are woken one region before sharing resumes; otherwise the time to wake them would be the next loss, and sharing would
   never resume. Which thread runs which part does not affect any result. */
#include "core/team.h"

#include <linux/futex.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/pool.h"
#include "cpu/denormals.h"

enum { REPAY = 25, LINE = 64 };
/* Nanoseconds: how long a helper spins for the next region, how long the caller spins for a helper's part, and the loss above
   which a region counts as slower. */
static const int64_t helper_spin = 200000, caller_spin = 50000, noise = 500;

/* A helper, and the claim on the part with its index. A claim is even while its part is free and odd once it is taken. It only
   increases, so a helper that is suspended between reading and taking it cannot take the part of a later region. Taking a claim
   (acquire) makes the region's data visible. */
struct helper {
    _Alignas(LINE) _Atomic uint64_t claim;
    struct wg_team *team;
    pthread_t thread;
    int index, done_by; /* done_by, begin, end: of the part with this index, in a timed region */
    int64_t begin, end;
};

struct wg_team {
    /* the counter that helpers wait on, and how many of them sleep */
    _Alignas(LINE) atomic_uint turn;
    atomic_int asleep;
    atomic_bool quit;
    /* the region */
    _Alignas(LINE) atomic_int parts;
    wg_part *body;
    void *context;
    int64_t n;
    unsigned float_mode; /* the caller's, so that helpers round and flush denormals as it does */
    /* parts that helpers have finished; the caller may sleep until it increases */
    _Alignas(LINE) atomic_uint done;
    atomic_bool waiting;
    /* used by the caller only */
    _Alignas(LINE) int threads;
    int helpers;
    bool spins;          /* there are at least as many cores as threads */
    int64_t alone_until; /* in nanoseconds; 0: sharing is allowed */
    struct wg_team_counts counts;
    bool timed; /* set between regions, as last_parts is */
    int last_parts;
    struct helper helper[]; /* helper[i] claims part i; that of part 0, the caller's, is not used for claims */
};

/* ---- clock and futex ---- */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void sleep_while(atomic_uint *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(atomic_uint *word, int n)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

/* Spins until the word is no longer value; false if it still is after that time. */
static bool spin_while(atomic_uint *word, unsigned value, int64_t nanoseconds)
{
    const int64_t start = now();
    do
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != value)
                return true;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    while (now() - start < nanoseconds);
    return false;
}

/* ---- parts ---- */

static bool take(struct wg_team *team, int part)
{
    uint64_t at = atomic_load_explicit(&team->helper[part].claim, memory_order_relaxed);
    return at % 2 == 0 && atomic_compare_exchange_strong_explicit(&team->helper[part].claim, &at, at + 1, memory_order_acquire,
                                                                  memory_order_relaxed);
}

static void run_part(struct wg_team *team, int parts, int part, int helper)
{
    const int64_t first = team->n * part / parts, last = team->n * (part + 1) / parts;
    struct helper *noted = &team->helper[part];
    if (team->timed) {
        noted->done_by = helper;
        noted->begin = now();
    }
    if (first < last)
        team->body(first, last, team->context);
    if (team->timed)
        noted->end = now();
}

/* ---- helpers ---- */

static void run_claimed(struct wg_team *team, int part, int helper)
{
    wg_float_mode_set(team->float_mode);
    run_part(team, atomic_load_explicit(&team->parts, memory_order_relaxed), part, helper);
    atomic_fetch_add(&team->done, 1);
    if (atomic_load(&team->waiting))
        wake(&team->done, 1);
}

/* A helper starts with the part of its own index, which is the same in all regions, so that its cache holds what it worked on
   before. */
static void help(struct wg_team *team, int index)
{
    const int parts = atomic_load_explicit(&team->parts, memory_order_relaxed);
    for (int i = 0; i < parts; i++) {
        const int part = index + i < parts ? index + i : index + i - parts;
        if (part > 0 && part < parts && take(team, part))
            run_claimed(team, part, index);
    }
}

static void wait_for_turn(struct wg_team *team, unsigned seen)
{
    if (team->spins && spin_while(&team->turn, seen, helper_spin))
        return;
    atomic_fetch_add(&team->asleep, 1);
    while (atomic_load(&team->turn) == seen)
        sleep_while(&team->turn, seen);
    atomic_fetch_sub(&team->asleep, 1);
}

/* Lets the helper run on all of OpenMP's places. OMP_PROC_BIND binds the program's first thread to one core before main begins;
   a helper would inherit that binding and share the core. */
static void reset_affinity(void)
{
    cpu_set_t cpus;
    int ids[CPU_SETSIZE];
    CPU_ZERO(&cpus);
    for (int place = 0; omp_get_proc_bind() != omp_proc_bind_false && place < omp_get_num_places(); place++) {
        const int n = omp_get_place_num_procs(place);
        if (n > CPU_SETSIZE)
            return;
        omp_get_place_proc_ids(place, ids);
        for (int i = 0; i < n; i++)
            if (ids[i] >= 0 && ids[i] < CPU_SETSIZE)
                CPU_SET((size_t)ids[i], &cpus);
    }
    if (CPU_COUNT(&cpus) > 0)
        (void)sched_setaffinity(0, sizeof cpus, &cpus); /* if refused, the binding stays */
}

static void *helper_main(void *context)
{
    const struct helper *self = context;
    struct wg_team *team = self->team;
    unsigned seen = 0;
    reset_affinity();
    wg_tls.in_part = true;
    while (!atomic_load(&team->quit)) {
        help(team, self->index);
        wait_for_turn(team, seen);
        seen = atomic_load(&team->turn);
    }
    return NULL;
}

static bool start_helper(struct wg_team *team, int index)
{
    struct helper *helper = &team->helper[index];
    helper->team = team;
    helper->index = index;
    return pthread_create(&helper->thread, NULL, helper_main, helper) == 0;
}

/* ---- creating and ending a team ---- */

/* A child of fork has no helpers. Its only thread forgets the team, and makes a new one when it needs it. */
static void in_child(void)
{
    if (wg_tls.state)
        wg_forget_team(wg_tls.state);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

struct wg_team *wg_team_new(int threads)
{
    pthread_once(&once, watch_forks);
    struct wg_team *team = aligned_alloc(LINE, sizeof *team + (size_t)threads * sizeof *team->helper);
    if (!team)
        return NULL;
    *team = (struct wg_team){.threads = threads, .spins = threads <= omp_get_num_procs()};
    for (int i = 0; i < threads; i++)
        atomic_init(&team->helper[i].claim, 1);
    sigset_t all, before;
    sigfillset(&all); /* signals are for the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team->helpers < threads - 1 && start_helper(team, team->helpers + 1))
        team->helpers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return team;
}

int wg_team_threads(const struct wg_team *team)
{
    return team->threads;
}

static void call(struct wg_team *team, int helpers)
{
    atomic_fetch_add(&team->turn, 1);
    if (atomic_load(&team->asleep) > 0)
        wake(&team->turn, helpers);
}

void wg_team_free(struct wg_team *team)
{
    if (!team)
        return;
    atomic_store(&team->quit, true);
    call(team, team->helpers);
    for (int i = 1; i <= team->helpers; i++)
        pthread_join(team->helper[i].thread, NULL);
    free(team);
}

void wg_team_set_timed(struct wg_team *team, bool timed)
{
    team->timed = timed;
}

int wg_team_parts(const struct wg_team *team)
{
    return team->last_parts;
}

struct wg_part_time wg_team_part_time(const struct wg_team *team, int part)
{
    const struct helper *noted = &team->helper[part];
    return (struct wg_part_time){noted->begin, noted->end, noted->done_by};
}

struct wg_team_counts wg_team_counts(const struct wg_team *team)
{
    return team->counts;
}

/* ---- a region ---- */

static void publish(struct wg_team *team, int parts, int64_t n, wg_part *body, void *context)
{
    team->body = body;
    team->context = context;
    team->n = n;
    team->float_mode = wg_float_mode();
    atomic_store_explicit(&team->done, 0, memory_order_relaxed);
    atomic_store_explicit(&team->parts, parts, memory_order_relaxed);
    for (int part = 1; part < parts; part++) {
        const uint64_t at = atomic_load_explicit(&team->helper[part].claim, memory_order_relaxed);
        atomic_store_explicit(&team->helper[part].claim, at + 1, memory_order_release);
    }
    call(team, parts - 1);
}

static void wait_for_helpers(struct wg_team *team, unsigned parts)
{
    unsigned done;
    while ((done = atomic_load_explicit(&team->done, memory_order_acquire)) < parts) {
        if (team->spins && spin_while(&team->done, done, caller_spin))
            continue;
        atomic_store(&team->waiting, true);
        if (atomic_load(&team->done) == done)
            sleep_while(&team->done, done);
        atomic_store(&team->waiting, false);
    }
}

/* Estimates the time of the parts in sequence from those that the caller ran, and starts a period of working alone if the region
   took longer. */
static void settle(struct wg_team *team, int parts, int own, int64_t start, int64_t begun, int64_t worked, int64_t end)
{
    const int64_t loss = end - start - (worked - begun) * parts / own;
    if (loss > noise)
        team->alone_until = end + REPAY * loss;
}

static void share(struct wg_team *team, int parts, int64_t n, wg_part *body, void *context, int64_t start)
{
    publish(team, parts, n, body, context);
    const int64_t begun = now();
    int own = 1;
    run_part(team, parts, 0, 0);
    for (int part = parts - 1; part > 0; part--)
        if (take(team, part)) {
            run_part(team, parts, part, 0);
            own++;
        }
    const int64_t worked = now();
    wait_for_helpers(team, (unsigned)(parts - own));
    settle(team, parts, own, start, begun, worked, now());
}

static bool may_share(struct wg_team *team, int64_t start)
{
    if (team->helpers == 0 || start < team->alone_until)
        return false;
    const bool was_alone = team->alone_until > 0;
    team->alone_until = 0;
    if (!was_alone || atomic_load(&team->asleep) == 0)
        return true;
    call(team, team->helpers); /* for the next region */
    team->counts.woke++;
    return false;
}

void wg_team_run(struct wg_team *team, int threads, int64_t n, wg_part *body, void *context)
{
    const int parts = (int)(n < threads ? n : threads);
    const int64_t start = now();
    wg_tls.in_part = true;
    team->last_parts = 1;
    if (may_share(team, start)) {
        team->last_parts = parts;
        team->counts.shared++;
        share(team, parts, n, body, context, start);
    } else {
        team->counts.alone++;
        body(0, n, context);
    }
    wg_tls.in_part = false;
}
