/* Threads that do pieces of one piece of work. One lock guards the next piece and the number of those that are not done. Helpers sleep until
   there is work; the caller does not wait for them to wake, but takes pieces itself, so that little work costs little. */
#include "pool.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "wengert/runtime.h"

enum { PIECES = 4 }; /* for each thread: the last piece is what others wait for */

struct work {
    pool_work *function;
    void *context;
    int64_t n, piece;
    int rounding; /* the caller's modes of arithmetic */
    bool flush;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t queued, done;
    pid_t process;
    bool ends, broken;
    struct work work;
    int64_t next, left; /* the first item that nobody has taken; items that are not done */
    int helpers;
    pthread_t thread[];
};

/* A piece that a thread does, for the case that its function ends the thread. */
struct duty {
    struct pool *pool;
    struct work work;
    int64_t first, n;
};

static void unlock(void *lock)
{
    pthread_mutex_unlock(lock);
}

/* With the lock. */
static bool take(struct pool *pool, struct duty *duty)
{
    const int64_t left = pool->work.n - pool->next;
    if (left <= 0)
        return false;
    *duty = (struct duty){pool, pool->work, pool->next, left < pool->work.piece ? left : pool->work.piece};
    pool->next += duty->n;
    return true;
}

/* With the lock. */
static void finish(const struct duty *duty)
{
    duty->pool->left -= duty->n;
    if (duty->pool->left == 0)
        pthread_cond_signal(&duty->pool->done);
}

static void thread_ended(void *context)
{
    const struct duty *duty = context;
    pthread_mutex_lock(&duty->pool->lock);
    duty->pool->broken = true;
    finish(duty);
    pthread_mutex_unlock(&duty->pool->lock);
}

/* Without the lock, which is held before and after. */
static void do_duty(struct duty *duty)
{
    pthread_mutex_unlock(&duty->pool->lock);
    pthread_cleanup_push(thread_ended, duty);
    duty->work.function(duty->work.context, duty->first, duty->n);
    pthread_cleanup_pop(0);
    pthread_mutex_lock(&duty->pool->lock);
    finish(duty);
}

static void *help(void *context)
{
    struct pool *pool = context;
    struct duty duty;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ends)
        if (take(pool, &duty)) {
            (void)fesetround(duty.work.rounding);
            (void)wg_flush_denormals(duty.work.flush);
            do_duty(&duty);
        } else {
            pthread_cond_wait(&pool->queued, &pool->lock);
        }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are for the program's own threads. */
struct pool *pool_start(int helpers)
{
    struct pool *pool = helpers > 0 ? calloc(1, sizeof *pool + (size_t)helpers * sizeof *pool->thread) : NULL;
    sigset_t all, before;
    if (!pool)
        return NULL;
    pool->process = getpid();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->queued, NULL);
    pthread_cond_init(&pool->done, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->helpers < helpers && pthread_create(&pool->thread[pool->helpers], NULL, help, pool) == 0)
        pool->helpers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool;
}

void pool_stop(struct pool *pool)
{
    if (pool && pool->process == getpid()) {
        pthread_mutex_lock(&pool->lock);
        pool->ends = true;
        pthread_cond_broadcast(&pool->queued);
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < pool->helpers; i++)
            pthread_join(pool->thread[i], NULL);
        pthread_cond_destroy(&pool->queued);
        pthread_cond_destroy(&pool->done);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool);
}

/* Work that was left when its caller was cancelled is waited for. With the lock. */
static void wait_until_done(struct pool *pool)
{
    while (pool->left > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
}

static void queue(struct pool *pool, pool_work *work, void *context, int64_t n)
{
    const int64_t pieces = (int64_t)PIECES * (pool->helpers + 1);
    pool->work = (struct work){work, context, n, (n + pieces - 1) / pieces, fegetround(), wg_flushes_denormals()};
    pool->next = 0, pool->left = n, pool->broken = false;
    pthread_cond_broadcast(&pool->queued);
}

bool pool_run(struct pool *pool, pool_work *work, void *context, int64_t n)
{
    struct duty duty;
    bool broken;
    if (!pool || pool->helpers == 0 || n < 2 || pool->process != getpid()) {
        work(context, 0, n);
        return true;
    }
    pthread_mutex_lock(&pool->lock);
    wait_until_done(pool);
    queue(pool, work, context, n);
    while (take(pool, &duty))
        do_duty(&duty);
    pthread_cleanup_push(unlock, &pool->lock);
    wait_until_done(pool);
    broken = pool->broken;
    pthread_cleanup_pop(1);
    return !broken;
}
