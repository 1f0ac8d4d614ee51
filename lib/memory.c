/* The pool. Blocks are kept by size class when they are given back, last in first out, so that a training step allocates nothing
   after the first of its shape. Each block comes from malloc on its own and may be given back by another thread than its maker's. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define WG_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WG_ASAN 1
#endif
#endif
#ifdef WG_ASAN
#include <sanitizer/asan_interface.h>
#endif

void wg_poison(void *at, size_t bytes)
{
#ifdef WG_ASAN
    ASAN_POISON_MEMORY_REGION(at, bytes);
#else
    (void)at, (void)bytes;
#endif
}

void wg_unpoison(void *at, size_t bytes)
{
#ifdef WG_ASAN
    ASAN_UNPOISON_MEMORY_REGION(at, bytes);
#else
    (void)at, (void)bytes;
#endif
}

/* The thread's state is found through one pointer; the key exists only so that a thread's end gives the state back. */
static _Thread_local struct {
    struct wg_thread *state;
    int lost_tapes;
} tls;
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool key_made;

static void trim(struct wg_thread *th)
{
    for (int i = 0; i < WG_SIZE_CLASSES; i++)
        while (th->pool[i]) {
            struct wg_storage *block = th->pool[i];
            wg_unpoison(block, block->bytes);
            th->pool[i] = block->next_free;
            th->memory.pooled -= (int64_t)block->bytes;
            free(block);
        }
}

static void drop_spare_tapes(struct wg_thread *th)
{
    while (th->spare_tapes) {
        wg_tape *tape = th->spare_tapes;
        th->spare_tapes = tape->below;
        struct wg_chunk *lists[2] = {tape->nodes, tape->slots};
        for (int i = 0; i < 2; i++)
            for (struct wg_chunk *chunk = lists[i], *prev; chunk; chunk = prev) {
                wg_unpoison(chunk, sizeof *chunk + chunk->size);
                prev = chunk->prev;
                wg_object_free(chunk);
            }
        wg_object_free(tape);
    }
}

static void thread_end(void *state)
{
    struct wg_thread *th = state;
    tls.state = th; /* for what is called from here */
    while (th->top)
        wg_tape_close(th->top);
    drop_spare_tapes(th);
    if (th->generator)
        wg_value_unref(th->generator);
    while (th->checked) {
        struct wg_checked *checked = th->checked;
        th->checked = checked->next;
        wg_object_free(checked);
    }
    while (th->sections) {
        wg_section *section = th->sections;
        th->sections = section->next;
        wg_object_free(section);
    }
    wg_object_free(th->leaves);
    trim(th);
    tls.state = NULL;
    free(th);
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, thread_end) == 0;
}

struct wg_thread *wg_self(void)
{
    if (__builtin_expect(tls.state != NULL, 1))
        return tls.state;
    pthread_once(&key_once, make_key);
    struct wg_thread *th = key_made ? calloc(1, sizeof *th) : NULL;
    if (!th)
        return NULL;
    th->fail_at = -1;
    th->isa = wg_isa();
    th->updates_end = &th->updates;
    tls.state = th;
    if (pthread_setspecific(key, th) != 0) {
        tls.state = NULL;
        free(th);
    }
    return tls.state;
}

int *wg_lost_tapes(void)
{
    return &tls.lost_tapes;
}

/* Eight classes an octave: at most 12.5 % apart. */
static unsigned size_class(size_t bytes, size_t *rounded)
{
    const unsigned top = 63u - (unsigned)__builtin_clzll(bytes);
    const unsigned shift = top - 3;
    const size_t steps = (bytes + (((size_t)1 << shift) - 1)) >> shift; /* 8..16 */
    *rounded = steps << shift;
    return (top - 6) * 8 + (unsigned)steps - 8;
}

static bool fault(struct wg_thread *th)
{
    const int64_t request = th->requests++;
    return th->fail_at >= 0 && (th->fail_persistent ? request >= th->fail_at : request == th->fail_at);
}

static struct wg_storage *block_from_system(struct wg_thread *th, size_t bytes)
{
    bytes = (bytes + 63) & ~(size_t)63;
    struct wg_storage *block = aligned_alloc(64, bytes);
    if (!block) {
        trim(th);
        block = aligned_alloc(64, bytes);
    }
    th->memory.mallocs += block != NULL;
    return block;
}

struct wg_storage *wg_storage_new(size_t payload)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return NULL;
    size_t rounded = 0;
    const size_t wanted = payload + sizeof(struct wg_storage);
    const bool representable = wanted > payload && wanted < (size_t)1 << 47;
    const unsigned class = representable ? size_class(wanted, &rounded) : 0;
    struct wg_storage *block = NULL;
    if (representable && !fault(th)) {
        block = th->pool[class];
        if (block) {
            wg_unpoison(block, block->bytes);
            th->pool[class] = block->next_free;
            th->memory.pooled -= (int64_t)rounded;
        } else {
            block = block_from_system(th, rounded);
        }
    }
    if (!block) {
        wg_fail(WG_E_MEMORY, "memory", "no memory for %zu bytes", payload);
        return NULL;
    }
    atomic_init(&block->refs, 1);
    block->version = 0;
    block->size_class = class;
    block->bytes = rounded;
    block->log = NULL;
    if (th->capture)
        wg_capture_born(th->capture, block);
    th->memory.live += (int64_t)rounded;
    if (th->memory.live > th->memory.peak)
        th->memory.peak = th->memory.live;
    return block;
}

static void give_back(struct wg_storage *block)
{
    struct wg_thread *th = wg_self();
    if (!th) {
        free(block);
        return;
    }
    if (block->log)
        wg_capture_gone(block);
    th->memory.live -= (int64_t)block->bytes;
    th->memory.pooled += (int64_t)block->bytes;
    block->next_free = th->pool[block->size_class];
    th->pool[block->size_class] = block;
    wg_poison(wg_storage_data(block), block->bytes - sizeof *block);
}

void wg_storage_unref(struct wg_storage *storage)
{
    if (wg_storage_unique(storage) || atomic_fetch_sub_explicit(&storage->refs, 1, memory_order_acq_rel) == 1)
        give_back(storage);
}

void *wg_object_new(size_t bytes)
{
    struct wg_storage *block = wg_storage_new(bytes);
    return block ? memset(wg_storage_data(block), 0, bytes) : NULL;
}

void wg_object_free(void *object)
{
    if (object)
        wg_storage_unref((struct wg_storage *)object - 1);
}

wg_memory wg_memory_now(void)
{
    struct wg_thread *th = wg_self();
    return th ? th->memory : (wg_memory){0};
}

void wg_memory_trim(void)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    drop_spare_tapes(th);
    trim(th);
}

void wg_memory_fail(int64_t at, bool persistent)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    th->requests = 0;
    th->fail_at = at;
    th->fail_persistent = persistent;
}

int64_t wg_memory_requests(void)
{
    struct wg_thread *th = wg_self();
    return th ? th->requests : 0;
}
