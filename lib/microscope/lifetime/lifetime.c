/* Lifetimes of buffers: the recording. It is a watcher of the thread (core/observer.h). Its own memory comes from malloc, since in the
   allocator it would count itself. */
#include "wengert/lifetime.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "microscope/graph/scan.h"
#include "microscope/lifetime/lifetime_data.h"

/* An activity that was entered. step: of an op. */
struct frame {
    enum wg_activity activity;
    size_t step;
};

/* The block of a buffer. */
struct block {
    struct wg_storage *storage; /* NULL once it was freed */
    bool donated;               /* to the step that ran last, which ends it */
};

/* The step of a node of a tape. */
struct node_step {
    uint64_t seq;
    size_t step;
};

struct record {
    struct wg_recorder recorder; /* the first member: see observer.h */
    struct wg_thread *th;
    pthread_mutex_t lock; /* another thread may free a block */
    wg_lifetime_step *step;
    wg_lifetime_buffer *buffer;
    struct block *block;         /* of each buffer */
    struct frame *frame;         /* the activities that are running */
    struct node_step *node_step; /* in the order of seq */
    size_t n_steps, n_buffers, depth, n_node_steps;
    size_t step_capacity, buffer_capacity, block_capacity, frame_capacity, node_step_capacity;
    size_t time;
    int passes; /* backward passes that are running, one inside the other */
    int64_t live_before, live, peak_before;
};

/* ---- memory of the recording ---- */

/* Makes space for one more element. From the first failure on nothing is recorded. */
static bool reserve(struct record *r, void *array, size_t n, size_t *capacity, size_t size)
{
    if (r->recorder.failed != WG_OK || n < *capacity)
        return r->recorder.failed == WG_OK;
    void **at = array;
    const size_t more = *capacity ? 2 * *capacity : 256;
    void *grown = wg_memory_refuses(r->th) ? NULL : realloc(*at, more * size);
    if (!grown) {
        r->recorder.failed = WG_E_MEMORY;
        return false;
    }
    *at = grown;
    *capacity = more;
    return true;
}

static struct record *record_of(struct wg_recorder *recorder)
{
    return (struct record *)(void *)recorder; /* recorder is its first member */
}

/* ---- what the thread is doing ---- */

/* What it does at the moment, so that a death has a reason; sections and tapes give none. */
static enum wg_activity doing(const struct record *r)
{
    return r->depth ? r->frame[r->depth - 1].activity : WG_ACTIVITY_TAPE;
}

static wg_cost_part part_now(const struct record *r)
{
    return r->passes > 0 ? WG_COST_BACKWARD : r->th->updating ? WG_COST_UPDATE : WG_COST_FORWARD;
}

/* Sections are numbered when the recording ends; until then the field holds the address of the wg_section. */
static size_t section_now(const struct record *r)
{
    const struct wg_modes *mode = &r->th->mode;
    return (uintptr_t)(mode->backward_tape && mode->cause ? mode->cause->section : mode->section);
}

/* ---- births and deaths ---- */

static wg_lifetime_buffer *new_buffer(struct record *r, struct wg_storage *storage)
{
    if (r->n_buffers >= UINT32_MAX - 1) /* a storage holds its number in 32 bits */
        r->recorder.failed = WG_E_MEMORY;
    if (!reserve(r, &r->buffer, r->n_buffers, &r->buffer_capacity, sizeof *r->buffer) ||
        !reserve(r, &r->block, r->n_buffers, &r->block_capacity, sizeof *r->block))
        return NULL;
    r->block[r->n_buffers] = (struct block){storage, false};
    wg_lifetime_buffer *buffer = &r->buffer[r->n_buffers++];
    *buffer = (wg_lifetime_buffer){.died = WG_LIFETIME_NONE,
                                   .made_by = WG_LIFETIME_NONE,
                                   .last_use = WG_LIFETIME_NONE,
                                   .made_last = WG_LIFETIME_NONE,
                                   .last_forward_use = WG_LIFETIME_NONE,
                                   .kind = WG_LIFETIME_RECORD,
                                   .part = part_now(r),
                                   .section = section_now(r)};
    return buffer;
}

static wg_lifetime_end_reason reason_now(const struct record *r)
{
    switch (doing(r)) {
    case WG_ACTIVITY_PASS:
    case WG_ACTIVITY_VJP:
        return WG_LIFETIME_BACKWARD;
    case WG_ACTIVITY_COMMIT:
        return WG_LIFETIME_COMMIT;
    case WG_ACTIVITY_CLOSING:
        return WG_LIFETIME_TAPE;
    default:
        return WG_LIFETIME_RELEASED;
    }
}

/* Blocks from before the recording have no recorder. That some were freed shows in the allocator's count. */
static void find_earlier(struct record *r)
{
    const int64_t freed = r->live - r->th->pool.live;
    wg_lifetime_buffer *buffer = freed > 0 ? new_buffer(r, NULL) : NULL;
    if (!buffer)
        return;
    buffer->kind = WG_LIFETIME_EARLIER;
    buffer->requested = buffer->block = (size_t)freed;
    buffer->died = r->time++;
    buffer->reason = reason_now(r);
    r->live -= freed;
}

static void created(struct wg_recorder *recorder, struct wg_storage *storage, size_t payload)
{
    struct record *r = record_of(recorder);
    pthread_mutex_lock(&r->lock);
    find_earlier(r);
    wg_lifetime_buffer *buffer = new_buffer(r, storage);
    if (buffer) {
        buffer->requested = payload;
        buffer->block = storage->bytes;
        buffer->born = r->time++;
        storage->recorder = recorder;
        storage->buffer = (uint32_t)r->n_buffers;
        r->live += (int64_t)storage->bytes;
    }
    pthread_mutex_unlock(&r->lock);
}

static void died(struct record *r, wg_lifetime_buffer *buffer, bool donated)
{
    buffer->died = r->time++;
    buffer->reason = reason_now(r);
    r->live -= (int64_t)buffer->block;
    if (doing(r) == WG_ACTIVITY_OP && buffer->made_by == WG_LIFETIME_NONE && buffer->last_use == WG_LIFETIME_NONE) {
        buffer->kind = WG_LIFETIME_WORKSPACE;
        buffer->reason = WG_LIFETIME_KERNEL;
    } else if (buffer->reason == WG_LIFETIME_RELEASED && donated) {
        buffer->reason = WG_LIFETIME_DONATED;
    }
}

/* Called by the thread that freed the block, which may be another one. */
static void released(struct wg_recorder *recorder, struct wg_storage *storage)
{
    struct record *r = record_of(recorder);
    pthread_mutex_lock(&r->lock);
    const size_t number = storage->buffer - 1;
    storage->recorder = NULL;
    storage->buffer = 0;
    r->block[number].storage = NULL;
    if (wg_tls.state != r->th) {
        r->buffer[number].reason = WG_LIFETIME_ELSEWHERE;
    } else {
        find_earlier(r); /* may move the arrays */
        died(r, &r->buffer[number], r->block[number].donated);
    }
    pthread_mutex_unlock(&r->lock);
}

/* ---- steps ---- */

/* True if the op ends the life of operand i, unless its result takes the memory over: what wg_end_donation will find. */
static bool ends_donated(const struct record *r, const wg_call *c, unsigned i)
{
    const unsigned flags = c->in[i]->flags;
    const bool saved = wg_bit(c->op->saves & WG_ALL_IN, i) && wg_differentiable(r->th, c);
    return (flags & WG_T_DONATED) && !(flags & (WG_T_SAVED | WG_T_PROXY | WG_T_HOLD | WG_T_ROOT)) && wg_bit(c->op->inplace, i) &&
           !saved;
}

static void note_use(struct record *r, const wg_tensor *t, size_t step, bool is_result)
{
    wg_lifetime_buffer *buffer = &r->buffer[t->storage->buffer - 1];
    if (buffer->kind != WG_LIFETIME_VALUE) {
        buffer->kind = WG_LIFETIME_VALUE;
        buffer->dtype = (wg_dtype)t->dtype;
        buffer->shape = wg_shape_of(t);
        buffer->made_by = is_result ? step : WG_LIFETIME_NONE;
    }
    if (is_result && !r->step[step].is_view)
        buffer->made_last = step;
    if (!r->step[step].is_view)
        buffer->last_use = step;
    if (r->step[step].part == WG_COST_FORWARD)
        buffer->last_forward_use = step;
}

static bool is_recorded(const struct record *r, const wg_tensor *t)
{
    return !wg_absent(t) && t->storage && t->storage->recorder == &r->recorder;
}

static void note_uses(struct record *r, const wg_call *c, size_t step)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (is_recorded(r, c->in[i])) {
            note_use(r, c->in[i], step, false);
            r->block[c->in[i]->storage->buffer - 1].donated = ends_donated(r, c, i);
        }
    for (unsigned i = 0; i < c->n_out; i++)
        if (is_recorded(r, c->out[i]))
            note_use(r, c->out[i], step, true);
}

/* The step of a node that is on a tape, by its sequence number. */
static size_t step_of(const struct record *r, const struct wg_node *node)
{
    size_t low = 0, high = r->n_node_steps;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (r->node_step[middle].seq <= node->seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && r->node_step[low - 1].seq == node->seq ? r->node_step[low - 1].step : WG_LIFETIME_NONE;
}

static size_t begin_step(struct record *r, const struct wg_node *node)
{
    const wg_call *c = &node->call;
    if (!reserve(r, &r->step, r->n_steps, &r->step_capacity, sizeof *r->step))
        return WG_LIFETIME_NONE;
    const bool is_pass = r->passes > 0 && r->th->mode.cause;
    wg_lifetime_step *step = &r->step[r->n_steps++];
    *step = (wg_lifetime_step){.op = c->op->name,
                               .part = wg_is_update(c) && r->passes == 0 ? WG_COST_UPDATE : part_now(r),
                               .cause = is_pass ? step_of(r, r->th->mode.cause) : WG_LIFETIME_NONE,
                               .section = section_now(r),
                               .is_view = (c->op->flags & WG_OP_VIEW) != 0,
                               .time = r->time,
                               .end = r->time + 1};
    r->time++;
    note_uses(r, c, r->n_steps - 1);
    return r->n_steps - 1;
}

/* If the node goes on a tape, which it does when its kernel has run, it gets the next sequence number. Nobody asks for that of a queued
   update. */
static void end_step(struct record *r, size_t step)
{
    const struct wg_thread *th = r->th;
    r->step[step].live = th->pool.live;
    r->step[step].end = r->time;
    if (!th->top || (th->mode.scratch && !th->top->trace) || doing(r) == WG_ACTIVITY_COMMIT ||
        !reserve(r, &r->node_step, r->n_node_steps, &r->node_step_capacity, sizeof *r->node_step))
        return;
    r->node_step[r->n_node_steps++] = (struct node_step){th->seq + 1, step};
}

static void enter(struct wg_recorder *recorder, enum wg_activity activity, const void *subject)
{
    struct record *r = record_of(recorder);
    if (activity == WG_ACTIVITY_SECTION || activity == WG_ACTIVITY_TAPE)
        return;
    pthread_mutex_lock(&r->lock);
    find_earlier(r);
    r->passes += activity == WG_ACTIVITY_PASS;
    if (reserve(r, &r->frame, r->depth, &r->frame_capacity, sizeof *r->frame)) {
        const size_t step = activity == WG_ACTIVITY_OP ? begin_step(r, subject) : WG_LIFETIME_NONE;
        r->frame[r->depth++] = (struct frame){activity, step};
    }
    pthread_mutex_unlock(&r->lock);
}

/* What was entered before the recording began has no frame. */
static void leave(struct wg_recorder *recorder, enum wg_activity activity, const void *subject)
{
    struct record *r = record_of(recorder);
    if (activity == WG_ACTIVITY_SECTION || activity == WG_ACTIVITY_TAPE)
        return;
    wg_cost cost = {0};
    const bool known = activity == WG_ACTIVITY_OP && wg_cost_stated(&((const struct wg_node *)subject)->call, &cost);
    pthread_mutex_lock(&r->lock);
    find_earlier(r);
    r->passes -= activity == WG_ACTIVITY_PASS && r->passes > 0;
    if (r->recorder.failed == WG_OK && r->depth > 0) {
        const size_t step = r->frame[--r->depth].step;
        if (activity == WG_ACTIVITY_OP) {
            r->step[step].cost = cost;
            r->step[step].known = known;
            end_step(r, step);
        }
    }
    pthread_mutex_unlock(&r->lock);
}

/* ---- begin and end ---- */

/* Stops the recording: blocks that live on have no recorder from here on. */
static void stop(struct record *r)
{
    struct wg_thread *th = r->th;
    pthread_mutex_lock(&r->lock);
    find_earlier(r);
    wg_watcher_remove(th, &r->recorder);
    for (size_t i = 0; i < r->n_buffers; i++)
        if (r->block[i].storage) {
            r->block[i].storage->recorder = NULL;
            r->block[i].storage->buffer = 0;
        }
    pthread_mutex_unlock(&r->lock);
}

static void destroy(struct record *r)
{
    pthread_mutex_destroy(&r->lock);
    free(r->step);
    free(r->buffer);
    free(r->block);
    free(r->frame);
    free(r->node_step);
    free(r);
}

static void thread_ends(struct wg_recorder *recorder)
{
    struct record *r = record_of(recorder);
    stop(r);
    destroy(r);
}

static const struct wg_observer observer = {
    .enter = enter, .leave = leave, .created = created, .released = released, .thread_ends = thread_ends};

static struct record *running(const struct wg_thread *th)
{
    struct wg_recorder *watcher = wg_watcher_with(th, &observer);
    return watcher ? record_of(watcher) : NULL;
}

wg_status wg_lifetime_begin(void)
{
    WG_OPERATION("lifetime_begin");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (th->capture)
        return wg_fail(WG_E_STATE, "lifetime_begin",
                       "lifetime_begin: not inside a step that is captured or evaluated: it runs no ops");
    if (running(th))
        return wg_fail(WG_E_STATE, "lifetime_begin", "lifetime_begin: a recording runs already: wg_lifetime_end comes first");
    struct record *r = wg_memory_refuses(th) ? NULL : calloc(1, sizeof *r);
    if (!r || pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return wg_fail(WG_E_MEMORY, "lifetime_begin", "lifetime_begin: no memory for the recording");
    }
    r->recorder.observer = &observer;
    r->th = th;
    r->live_before = r->live = th->pool.live;
    r->peak_before = th->pool.peak;
    th->pool.peak = th->pool.live;
    wg_watcher_add(th, &r->recorder);
    return WG_OK;
}

/* Moves the arrays of the recording into a result. */
static wg_lifetime *result_of(struct record *r, int64_t allocator_peak)
{
    wg_lifetime *l = wg_memory_refuses(r->th) ? NULL : calloc(1, sizeof *l);
    if (!l || r->recorder.failed != WG_OK) {
        free(l);
        return NULL;
    }
    *l = (wg_lifetime){.step = r->step,
                       .n_steps = r->n_steps,
                       .buffer = r->buffer,
                       .n_buffers = r->n_buffers,
                       .n_times = r->time,
                       .live_before = r->live_before,
                       .allocator_peak = allocator_peak};
    r->step = NULL;
    r->buffer = NULL;
    return l;
}

wg_lifetime *wg_lifetime_end(void)
{
    WG_OPERATION("lifetime_end");
    struct wg_thread *th = wg_self();
    struct record *r = th ? running(th) : NULL;
    if (!r) {
        wg_fail(WG_E_STATE, "lifetime_end", "lifetime_end: no recording runs in this thread: wg_lifetime_begin comes first");
        return NULL;
    }
    if (wg_cost_is_asked(th)) {
        wg_fail(WG_E_STATE, "lifetime_end", "lifetime_end: it cannot end inside the cost function of an op");
        return NULL;
    }
    stop(r);
    const int64_t peak = th->pool.peak;
    th->pool.peak = peak > r->peak_before ? peak : r->peak_before;
    wg_lifetime *l = result_of(r, peak);
    destroy(r);
    if (l && wg_lifetime_number_sections(th, l) != WG_OK) {
        wg_lifetime_destroy(l);
        l = NULL;
    }
    if (!l)
        wg_fail(WG_E_MEMORY, "lifetime_end", "lifetime_end: memory for the recording ran out");
    return l;
}
