/* A ring of batches between the caller, who queues and takes them in order, and threads that make them. One lock guards the state
   of all batches; a batch's rows belong to the thread that makes it. Nobody polls: threads sleep until a batch is queued, the
   caller until one is made. */
#include "prefetch.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "wengert/runtime.h"

enum stage { FREE, QUEUED, MAKING, MADE };

struct slot {
    struct prefetch_batch batch;
    enum stage stage;
    int rounding; /* the caller's modes of arithmetic when it was queued */
    bool flush;
};

struct worker {
    struct prefetch *prefetch;
    pthread_t thread;
    void *workspace;
};

struct prefetch {
    pthread_mutex_t lock;
    pthread_cond_t queued, made;
    const wg_dataset *dataset;
    pid_t process;
    bool ends;
    int threads, slots;
    int first, used; /* the oldest batch, and how many there are */
    int64_t *index;  /* memory of all slots */
    char *rows;
    struct worker *worker;
    struct slot slot[];
};

/* ---- making a batch ---- */

/* Without the lock. What the item's function recorded goes to the batch. */
static void make(const struct prefetch *p, struct prefetch_batch *batch, void *workspace)
{
    const wg_dataset *dataset = p->dataset;
    batch->status = WG_OK;
    batch->message[0] = 0;
    for (int64_t i = 0; i < batch->n && batch->status == WG_OK; i++) {
        const struct dataset_place place = {batch->at.seed, batch->at.epoch, batch->at.position + i};
        batch->status = dataset_make(dataset, &place, batch->index[i], batch->x + (size_t)i * dataset->x_bytes,
                                     dataset->info.labels ? batch->y + (size_t)i * dataset->y_bytes : NULL, workspace);
        batch->failed = batch->index[i];
    }
}

static void make_in_thread(const struct prefetch *p, struct slot *slot, void *workspace)
{
    wg_error error = {.code = WG_OK};
    (void)fesetround(slot->rounding);
    (void)wg_flush_denormals(slot->flush);
    make(p, &slot->batch, workspace);
    if (slot->batch.status != WG_OK && wg_error_take(&error) != WG_OK)
        snprintf(slot->batch.message, sizeof slot->batch.message, "%s", error.message);
}

/* The oldest batch that is queued; NULL if there is none. With the lock. */
static struct slot *next_queued(struct prefetch *p)
{
    for (int i = 0; i < p->used; i++)
        if (p->slot[(p->first + i) % p->slots].stage == QUEUED)
            return &p->slot[(p->first + i) % p->slots];
    return NULL;
}

/* The batch to be made next; NULL at the end. */
static struct slot *wait_for_work(struct prefetch *p)
{
    struct slot *slot = NULL;
    pthread_mutex_lock(&p->lock);
    while (!p->ends && !(slot = next_queued(p)))
        pthread_cond_wait(&p->queued, &p->lock);
    if (p->ends)
        slot = NULL;
    if (slot)
        slot->stage = MAKING;
    pthread_mutex_unlock(&p->lock);
    return slot;
}

static void set_stage(struct prefetch *p, struct slot *slot, enum stage stage)
{
    pthread_mutex_lock(&p->lock);
    slot->stage = stage;
    pthread_cond_signal(stage == MADE ? &p->made : &p->queued);
    pthread_mutex_unlock(&p->lock);
}

/* Which batch a thread makes, for the case that the item's function ends the thread. */
struct duty {
    struct prefetch *prefetch;
    struct slot *slot;
};

static void thread_ended(void *context)
{
    const struct duty *duty = context;
    duty->slot->batch.status = WG_E_BUG;
    snprintf(duty->slot->batch.message, sizeof duty->slot->batch.message, "the function of the item ended the thread");
    set_stage(duty->prefetch, duty->slot, MADE);
}

static void do_duty(struct duty *duty, void *workspace)
{
    pthread_cleanup_push(thread_ended, duty);
    make_in_thread(duty->prefetch, duty->slot, workspace);
    pthread_cleanup_pop(0);
    set_stage(duty->prefetch, duty->slot, MADE);
}

static void *work(void *context)
{
    const struct worker *worker = context;
    struct duty duty = {worker->prefetch, NULL};
    while ((duty.slot = wait_for_work(duty.prefetch)))
        do_duty(&duty, worker->workspace);
    return NULL;
}

/* ---- starting and stopping ---- */

/* Rows start on lines of their own, so that two threads never write to one line. */
static bool batch_bytes(size_t row, int64_t size, size_t *bytes)
{
    return !__builtin_mul_overflow(row, (size_t)size, bytes) &&
           !__builtin_add_overflow(*bytes, (size_t)DATASET_ALIGNMENT - 1, bytes) &&
           (*bytes &= ~(size_t)(DATASET_ALIGNMENT - 1), true);
}

static bool find_memory(struct prefetch *p, int64_t size)
{
    size_t x, y, all;
    if (!batch_bytes(p->dataset->x_bytes, size, &x) || !batch_bytes(p->dataset->y_bytes, size, &y) ||
        __builtin_add_overflow(x, y, &all) || __builtin_mul_overflow(all, (size_t)p->slots, &all))
        return false;
    p->index = malloc((size_t)p->slots * (size_t)size * sizeof *p->index);
    p->rows = aligned_alloc(DATASET_ALIGNMENT, all + DATASET_ALIGNMENT); /* some, also for rows without elements */
    if (!p->index || !p->rows)
        return false;
    for (int i = 0; i < p->slots; i++) {
        p->slot[i].batch.index = p->index + (size_t)i * (size_t)size;
        p->slot[i].batch.x = p->rows + (size_t)i * (x + y);
        p->slot[i].batch.y = p->slot[i].batch.x + x;
    }
    return true;
}

/* Signals are for the program's own threads. */
static void start_threads(struct prefetch *p, int threads)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; p->threads < threads; p->threads++) {
        struct worker *worker = &p->worker[p->threads];
        worker->prefetch = p;
        if (!dataset_workspace(p->dataset, &worker->workspace))
            break;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            free(worker->workspace);
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void free_memory(struct prefetch *p)
{
    for (int i = 0; i < p->threads; i++)
        free(p->worker[i].workspace);
    free(p->worker);
    free(p->index);
    free(p->rows);
    free(p);
}

struct prefetch *prefetch_start(const char *op, const wg_dataset *dataset, int64_t size, int threads, int ahead)
{
    struct prefetch *p = calloc(1, sizeof *p + (size_t)ahead * sizeof *p->slot);
    if (p) {
        p->dataset = dataset;
        p->slots = ahead;
        p->process = getpid();
        p->worker = calloc((size_t)threads, sizeof *p->worker);
    }
    if (!p || !p->worker || !find_memory(p, size)) {
        if (p)
            free_memory(p);
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory for %d batches of %lld rows made ahead", op, ahead, (long long)size);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->queued, NULL);
    pthread_cond_init(&p->made, NULL);
    start_threads(p, threads);
    return p;
}

int prefetch_threads(const struct prefetch *p)
{
    return p->threads;
}

bool prefetch_here(const struct prefetch *p)
{
    return p->process == getpid();
}

void prefetch_stop(struct prefetch *p)
{
    if (!p)
        return;
    if (prefetch_here(p)) {
        pthread_mutex_lock(&p->lock);
        p->ends = true;
        pthread_cond_broadcast(&p->queued);
        pthread_mutex_unlock(&p->lock);
        for (int i = 0; i < p->threads; i++)
            pthread_join(p->worker[i].thread, NULL);
        pthread_cond_destroy(&p->queued);
        pthread_cond_destroy(&p->made);
        pthread_mutex_destroy(&p->lock);
    }
    free_memory(p);
}

/* ---- the caller's side ---- */

static void unlock(void *lock)
{
    pthread_mutex_unlock(lock);
}

static bool is_making(const struct prefetch *p)
{
    for (int i = 0; i < p->slots; i++)
        if (p->slot[i].stage == MAKING)
            return true;
    return false;
}

/* The thread may be cancelled where it waits; the lock is given back then. */
void prefetch_clear(struct prefetch *p)
{
    pthread_mutex_lock(&p->lock);
    pthread_cleanup_push(unlock, &p->lock);
    for (int i = 0; i < p->slots; i++)
        if (p->slot[i].stage == QUEUED)
            p->slot[i].stage = FREE;
    while (is_making(p))
        pthread_cond_wait(&p->made, &p->lock);
    for (int i = 0; i < p->slots; i++)
        p->slot[i].stage = FREE;
    p->used = 0;
    pthread_cleanup_pop(1);
}

struct prefetch_batch *prefetch_free(struct prefetch *p)
{
    return p->used < p->slots ? &p->slot[(p->first + p->used) % p->slots].batch : NULL;
}

void prefetch_queue(struct prefetch *p)
{
    struct slot *slot = &p->slot[(p->first + p->used) % p->slots];
    slot->rounding = fegetround();
    slot->flush = wg_flushes_denormals();
    pthread_mutex_lock(&p->lock);
    slot->stage = QUEUED;
    p->used++;
    pthread_cond_signal(&p->queued);
    pthread_mutex_unlock(&p->lock);
}

/* The oldest batch: true if nobody has begun it, and it is the caller's to make; else it is made. */
static bool take_or_wait(struct prefetch *p, struct slot *slot)
{
    pthread_mutex_lock(&p->lock);
    const bool mine = slot->stage == QUEUED;
    pthread_cleanup_push(unlock, &p->lock);
    while (!mine && slot->stage != MADE)
        pthread_cond_wait(&p->made, &p->lock);
    if (mine)
        slot->stage = MAKING;
    pthread_cleanup_pop(1);
    return mine;
}

static void caller_ended(void *context)
{
    const struct duty *duty = context;
    set_stage(duty->prefetch, duty->slot, QUEUED);
}

/* What the caller makes itself leaves its error in the thread's record; if that is the first one there, it goes to the batch. */
static void make_here(struct prefetch *p, struct slot *slot, void *workspace)
{
    const bool first = !wg_error_first();
    wg_error error = {.code = WG_OK};
    struct duty duty = {p, slot};
    pthread_cleanup_push(caller_ended, &duty);
    make(p, &slot->batch, workspace);
    pthread_cleanup_pop(0);
    if (slot->batch.status != WG_OK && first && wg_error_take(&error) != WG_OK)
        snprintf(slot->batch.message, sizeof slot->batch.message, "%s", error.message);
    set_stage(p, slot, MADE);
}

struct prefetch_batch *prefetch_wait(struct prefetch *p, void *workspace)
{
    struct slot *slot = &p->slot[p->first];
    if (take_or_wait(p, slot))
        make_here(p, slot, workspace);
    return &slot->batch;
}

void prefetch_again(struct prefetch *p)
{
    set_stage(p, &p->slot[p->first], QUEUED);
}

void prefetch_done(struct prefetch *p)
{
    pthread_mutex_lock(&p->lock);
    p->slot[p->first].stage = FREE;
    p->first = (p->first + 1) % p->slots;
    p->used--;
    pthread_mutex_unlock(&p->lock);
}
