/* Memory: reference-counted blocks, the pool in which each thread keeps freed ones, and access to the thread's state. Here is
   what every op call runs, inlined; the rest is in memory.c. */
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

/* No effect without AddressSanitizer. */
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

/* The header of a block. The payload follows it, 64-byte aligned; up to WG_INLINE_BYTES lie in the header itself, so that a
   scalar takes one cache line. Size class 0 marks a storage that is no block: it lies in a tensor's slot (arena.h) and ends with
   its tape. */
enum { WG_INLINE_BYTES = 16 };
struct wg_storage {
    atomic_int refs;
    uint32_t version;    /* incremented whenever the bytes change after they were made */
    uint16_t size_class; /* index of its free list; for small blocks the number of cache lines */
    uint16_t lead;       /* cache lines between the start of the allocation and this header */
    uint32_t buffer;     /* the recorder's number of this storage, plus 1; 0: none */
    uint64_t bytes : 48; /* size of the allocation, including lead */
    uint64_t owner : 16; /* wg_pool_mark of the pool that allocated it */
    struct wg_storage *next_free, *previous;
    struct wg_recorder *recorder; /* of the step in which it was made, or NULL; it links its storages by next_free and previous */
    char few[WG_INLINE_BYTES];
};
_Static_assert(sizeof(struct wg_storage) == 64, "a header is a cache line");

/* Size classes. Up to 16 cache lines: one class for each number of lines. Up to 64 KiB: 8 classes per octave, so sizes are at
   most 12.5 % apart. Above: 256 per octave, which wastes little; a request may take a block that is up to an eighth larger. */
enum {
    WG_SMALL_CLASSES = 17,
    WG_MIDDLE_CLASSES = WG_SMALL_CLASSES + 8 * 6,
    WG_LARGE_CLASSES = 256, /* per octave */
    WG_SIZE_CLASSES = WG_MIDDLE_CLASSES + WG_LARGE_CLASSES * 31,
};

/* A thread's pool. held: all bytes obtained from the system and not given back. */
struct wg_pool {
    struct wg_storage *free[WG_SIZE_CLASSES]; /* last in, first out */
    int64_t live, peak, held, mallocs;
    /* For tests: requests are numbered. Request fail_at fails, and with fail_persistent every later one too. */
    int64_t requests, fail_at;
    bool fail_persistent;
    unsigned stagger; /* counter for the start offsets of large blocks */
};

/* Thread-local data, reached through one pointer. state begins with the pool. */
struct wg_tls {
    struct wg_thread *state;
    int lost_tapes;
    bool in_part; /* runs a part of a parallel region: what it calls starts no threads */
};
extern _Thread_local struct wg_tls wg_tls __attribute__((visibility("hidden")));

/* Identifies a pool. The states of two live threads are more than a page apart, so their marks differ. */
static inline uint64_t wg_pool_mark(const struct wg_pool *pool)
{
    return (uintptr_t)pool >> 12 & 0xffff;
}

void wg_forget_team(struct wg_thread *th);
struct wg_thread *wg_thread_new(void); /* NULL if there is no memory for it */

/* This thread's state, made at first use; NULL if there is no memory for it. */
static inline struct wg_thread *wg_self(void)
{
    struct wg_thread *th = wg_tls.state;
    return __builtin_expect(th != NULL, 1) ? th : wg_thread_new();
}

/* Number of this thread's tapes that failed to open and are not closed yet. */
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

void wg_storage_report(struct wg_storage *storage); /* tells the observer that counts it that it is released */
void wg_storage_end(struct wg_storage *storage);    /* returns it to the system */
void wg_storage_vacate(struct wg_storage *storage); /* the last reference to a storage in a slot has gone */

static inline void wg_storage_unref(struct wg_storage *storage)
{
    if (!wg_storage_unique(storage) && atomic_fetch_sub_explicit(&storage->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (storage->size_class == 0) {
        wg_storage_vacate(storage);
        return;
    }
    if (storage->recorder)
        wg_storage_report(storage);
    struct wg_thread *th = wg_tls.state;
    if (!th) { /* the thread has ended, or never had a state */
        wg_storage_end(storage);
        return;
    }
    struct wg_pool *pool = wg_pool_of(th);
    if (storage->owner != wg_pool_mark(pool)) { /* a block of another thread: pooling it would let this pool grow without bound */
        wg_storage_end(storage);
        return;
    }
    pool->live -= (int64_t)storage->bytes;
    storage->next_free = pool->free[storage->size_class];
    pool->free[storage->size_class] = storage;
    wg_poison(wg_storage_data(storage), wg_storage_capacity(storage));
}

struct wg_storage *wg_storage_new(size_t payload); /* one reference; NULL and the error */

/* Zeroed memory from the pool. NULL and the error on failure. */
void *wg_object_new(size_t bytes);
void wg_object_free(void *object);

#endif
