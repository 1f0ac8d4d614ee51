/* Memory: blocks that threads keep when they are given back, and the way from a thread to its state. What an op call does each time
   stands here, to be inlined; the rest is in memory.c. */
#ifndef WG_POOL_H
#define WG_POOL_H

#include <stdatomic.h>

#include "core/observer.h"
#include "wengert/runtime.h"

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

/* Under AddressSanitizer; nothing without it. */
static inline void wg_poison(void *at, size_t bytes)
{
#ifdef WG_ASAN
    ASAN_POISON_MEMORY_REGION(at, bytes);
#else
    (void)at, (void)bytes;
#endif
}

static inline void wg_unpoison(void *at, size_t bytes)
{
#ifdef WG_ASAN
    ASAN_UNPOISON_MEMORY_REGION(at, bytes);
#else
    (void)at, (void)bytes;
#endif
}

/* A block: this header, then the payload: 64-byte aligned, or, where it is no larger than that, in the header's last bytes. So a scalar
   is one cache line. Size class 0 is not a block: it lies in a tensor's slot (arena.h), and goes with its tape. */
enum { WG_INLINE_BYTES = 16 };
struct wg_storage {
    atomic_int refs;
    uint32_t version;    /* moves whenever the bytes change after they were made */
    uint16_t size_class; /* of the pool; that many cache lines, if few */
    uint16_t lead;       /* cache lines between what the system gave and this header */
    uint32_t buffer;     /* the recorder's number of this storage, + 1; 0: it has none */
    uint64_t bytes : 48; /* of the block, with what lies before it */
    uint64_t owner : 16; /* tells the pool that had it from the system from those of other threads */
    struct wg_storage *next_free, *previous;
    struct wg_recorder *recorder; /* of the step in which it was made, which links those in use by next_free and previous */
    char few[WG_INLINE_BYTES];
};
_Static_assert(sizeof(struct wg_storage) == 64, "a header is a cache line");

/* Blocks of up to 16 cache lines have a class for each number of lines; up to 64 KiB, eight classes an octave: at most 12.5 % apart;
   above, 256 an octave, so that little is wasted, but a block may be had by requests for up to an eighth less. */
enum {
    WG_SMALL_CLASSES = 17,
    WG_MIDDLE_CLASSES = WG_SMALL_CLASSES + 8 * 6,
    WG_LARGE_CLASSES = 256, /* an octave */
    WG_SIZE_CLASSES = WG_MIDDLE_CLASSES + WG_LARGE_CLASSES * 31,
};

/* A thread's. held: all bytes that it had from the system and has not given back. */
struct wg_pool {
    struct wg_storage *free[WG_SIZE_CLASSES]; /* last in, first out */
    int64_t live, peak, held, mallocs;
    int64_t requests, fail_at; /* for tests: from which request on none is granted without a look at fail_persistent */
    bool fail_persistent;
    unsigned stagger; /* of large blocks */
};

/* This thread: found through one pointer. The pool is the first member of its state. */
struct wg_tls {
    struct wg_thread *state;
    int lost_tapes;
    bool in_part; /* works on a part of something that several threads share: what it calls opens no threads */
};
extern _Thread_local struct wg_tls wg_tls __attribute__((visibility("hidden")));

/* The states of two live threads are more than a page apart, so their marks differ. */
static inline uint64_t wg_pool_mark(const struct wg_pool *pool)
{
    return (uintptr_t)pool >> 12 & 0xffff;
}

void wg_forget_team(struct wg_thread *th);
struct wg_thread *wg_thread_new(void); /* NULL where there is no memory for it */

/* This thread's state, made at first use; NULL when there is no memory for it. */
static inline struct wg_thread *wg_self(void)
{
    struct wg_thread *th = wg_tls.state;
    return __builtin_expect(th != NULL, 1) ? th : wg_thread_new();
}

/* How many tapes of this thread failed to open and are not closed yet. */
static inline int *wg_lost_tapes(void)
{
    return &wg_tls.lost_tapes;
}

static inline struct wg_pool *wg_pool_of(struct wg_thread *th)
{
    return (struct wg_pool *)(void *)th;
}

static inline void wg_storage_ref(struct wg_storage *storage)
{
    atomic_fetch_add_explicit(&storage->refs, 1, memory_order_relaxed);
}

static inline char *wg_storage_data(struct wg_storage *storage)
{
    return storage->size_class <= 1 ? storage->few : (char *)(storage + 1);
}

static inline bool wg_storage_unique(struct wg_storage *storage)
{
    return atomic_load_explicit(&storage->refs, memory_order_acquire) == 1;
}

static inline size_t wg_storage_capacity(const struct wg_storage *storage)
{
    return storage->size_class <= 1 ? sizeof storage->few : storage->bytes - sizeof *storage - 64 * (size_t)storage->lead;
}

void wg_storage_report(struct wg_storage *storage); /* to its recorder: it is given back */
void wg_storage_end(struct wg_storage *storage);    /* to the system */
void wg_storage_vacate(struct wg_storage *storage); /* of one that lies in a slot */

static inline void wg_storage_unref(struct wg_storage *storage)
{
    if (!wg_storage_unique(storage) && atomic_fetch_sub_explicit(&storage->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (storage->size_class == 0) {
        wg_storage_vacate(storage);
        return;
    }
    struct wg_thread *th = wg_tls.state;
    if (!th) { /* it ended, or had none */
        wg_storage_end(storage);
        return;
    }
    if (storage->recorder)
        wg_storage_report(storage);
    struct wg_pool *pool = wg_pool_of(th);
    if (storage->owner != wg_pool_mark(pool)) { /* a pool of what others made would grow by each round of theirs */
        wg_storage_end(storage);
        return;
    }
    pool->live -= (int64_t)storage->bytes;
    storage->next_free = pool->free[storage->size_class];
    pool->free[storage->size_class] = storage;
    wg_poison(wg_storage_data(storage), wg_storage_capacity(storage));
}

struct wg_storage *wg_storage_new(size_t payload); /* refs 1; NULL and the error */

/* Small objects from the pool, zeroed. */
void *wg_object_new(size_t bytes);
void wg_object_free(void *object);

#endif
