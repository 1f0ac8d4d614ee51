/* The pool: freed blocks are kept by size class and reused, last in first out, so that training steps allocate nothing after the
   first of their shape. Each block is a malloc allocation of its own, and another thread than its maker may free it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/arena.h"
#include "core/team.h"

/* The key's only purpose is its destructor, which frees the state when a thread ends. */
_Thread_local struct wg_tls wg_tls;
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool key_made;

static void *start_of(struct wg_storage *block)
{
    return (char *)block - 64 * (size_t)block->lead;
}

static void trim(struct wg_pool *pool)
{
    for (int i = 0; i < WG_SIZE_CLASSES; i++)
        while (pool->free[i]) {
            struct wg_storage *block = pool->free[i];
            wg_unpoison(wg_storage_data(block), wg_storage_capacity(block));
            pool->free[i] = block->next_free;
            pool->held -= (int64_t)block->bytes;
            free(start_of(block));
        }
}

static void rest_end(struct wg_rest *rest)
{
    for (int i = 0; i < WG_RESTING_VALUES; i++)
        if (rest->value[i]) {
            wg_unpoison(wg_storage_data(rest->value[i]), wg_storage_capacity(rest->value[i]));
            free(start_of(rest->value[i]));
        }
}

static void drop_spare_tapes(struct wg_thread *th)
{
    while (th->spare_tapes) {
        wg_tape *tape = th->spare_tapes;
        th->spare_tapes = tape->below;
        wg_arena_shrink(&tape->nodes, true);
        wg_arena_shrink(&tape->slots, true);
        wg_object_free(tape);
    }
    for (int i = 0; i < WG_RESTING_SLOTS; i++)
        wg_arena_shrink(&th->rest.slots[i], true);
}

static void thread_end(void *state)
{
    struct wg_thread *th = state;
    wg_tls.state = th; /* for the functions called from here */
    wg_tapes_abandon(th);
    if (th->capture)
        th->capture->observer->thread_ends(th->capture);
    while (th->watchers)
        th->watchers->observer->thread_ends(th->watchers);
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
    wg_hash_free(&th->section_table);
    wg_hash_free(&th->leaves);
    rest_end(&th->rest);
    wg_team_free(th->team);
    trim(&th->pool);
    wg_tls.state = NULL;
    free(th);
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, thread_end) == 0;
}

static void rest_begin(struct wg_thread *th);

struct wg_thread *wg_thread_new(void)
{
    static atomic_uint_fast64_t made;
    pthread_once(&key_once, make_key);
    struct wg_thread *th = key_made ? calloc(1, sizeof *th) : NULL;
    if (!th)
        return NULL;
    th->serial = atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
    th->pool.fail_at = INT64_MAX;
    th->isa = wg_isa_of_ops();
    th->audit = getenv("WENGERT_AUDIT") != NULL;
    rest_begin(th);
    wg_watch(th);
    th->updates_end = &th->updates;
    wg_tls.state = th;
    if (pthread_setspecific(key, th) != 0) {
        wg_tls.state = NULL;
        rest_end(&th->rest);
        trim(&th->pool);
        free(th);
    }
    return wg_tls.state;
}

/* ---- blocks ---- */

/* Blocks above 64 KiB start at eight different page offsets, eight cache lines apart, to avoid L1 set conflicts between operands
   of one size. */
enum { LARGE = 1 << 16, OFFSETS = 8, OFFSET_LINES = 8 };

/* Blocks from 16 MiB on use huge pages: fewer page faults at first use, and fewer TLB misses where memory is streamed. Smaller
   blocks do not, since matrices that products read along columns are better off in small pages, which scatter over the sets of
   the L2 cache. */
static const size_t huge_page = (size_t)1 << 21, huge = (size_t)1 << 24;

/* The class of blocks of at least that many bytes; *rounded: the size of its blocks. */
static unsigned class_of(size_t bytes, size_t *rounded)
{
    if (bytes <= 64 * (WG_SMALL_CLASSES - 1)) {
        *rounded = (bytes + 63) & ~(size_t)63;
        return (unsigned)(*rounded / 64);
    }
    const unsigned top = 63u - (unsigned)__builtin_clzll(bytes), fine = bytes > LARGE ? 8 : 3, shift = top - fine;
    const size_t steps = (bytes + (((size_t)1 << shift) - 1)) >> shift; /* from 2^fine to 2^(fine + 1) */
    *rounded = steps << shift;
    if (fine == 3)
        return WG_SMALL_CLASSES - 1 + (top - 10) * 8 + (unsigned)steps - 8;
    return WG_MIDDLE_CLASSES + (top - 16) * WG_LARGE_CLASSES + (unsigned)steps - WG_LARGE_CLASSES;
}

/* The class for a payload, with space for each start offset that a large block may have. */
static unsigned size_class(size_t payload, size_t *rounded)
{
    const size_t bytes = payload <= WG_INLINE_BYTES ? 64 : payload + sizeof(struct wg_storage);
    return class_of(bytes > LARGE ? bytes + 64 * OFFSET_LINES * (OFFSETS - 1) : bytes, rounded);
}

static bool fails(const struct wg_pool *pool, int64_t request)
{
    return request >= pool->fail_at && (request == pool->fail_at || pool->fail_persistent);
}

bool wg_memory_refuses(struct wg_thread *th)
{
    return fails(&th->pool, th->pool.requests++);
}

static void *bytes_from_system(size_t bytes)
{
    if (bytes < huge)
        return aligned_alloc(64, bytes);
    void *at = NULL; /* aligned_alloc requires sizes that are multiples of the alignment */
    if (posix_memalign(&at, huge_page, bytes) != 0)
        return NULL;
    (void)madvise(at, bytes & ~(huge_page - 1), MADV_HUGEPAGE); /* failure is harmless: the system has no huge pages */
    return at;
}

static struct wg_storage *block_from_system(struct wg_pool *pool, size_t bytes, unsigned class)
{
    char *at = bytes_from_system(bytes);
    if (!at) {
        trim(pool);
        at = bytes_from_system(bytes);
    }
    if (!at)
        return NULL;
    const size_t lead = bytes > LARGE ? OFFSET_LINES * (pool->stagger++ % OFFSETS) : 0;
    struct wg_storage *block = (struct wg_storage *)(void *)(at + 64 * lead);
    *block = (struct wg_storage){.size_class = (uint16_t) class, .lead = (uint16_t)lead};
    block->bytes = bytes & (((uint64_t)1 << 48) - 1);
    block->owner = wg_pool_mark(pool) & 0xffff;
    pool->mallocs++;
    pool->held += (int64_t)bytes;
    return block;
}

/* Fills the ring of resting values. Resting blocks do not count as held by the pool. */
static void rest_begin(struct wg_thread *th)
{
    size_t bytes;
    const unsigned class = size_class(sizeof(struct wg_value), &bytes);
    for (int i = 0; i < WG_RESTING_VALUES; i++) {
        struct wg_storage *block = block_from_system(&th->pool, bytes, class);
        if (block) {
            atomic_init(&block->refs, 1);
            th->pool.held -= (int64_t)block->bytes;
        }
        th->rest.value[i] = block;
    }
}

/* A freed block of the class, or NULL. For large classes also a block that is at most an eighth larger: otherwise sizes that vary
   a little from step to step would accumulate blocks. */
static struct wg_storage *block_from_pool(struct wg_pool *pool, unsigned class)
{
    const unsigned last = class < WG_MIDDLE_CLASSES ? class : class + WG_LARGE_CLASSES / 8;
    while (class < last && class + 1 < WG_SIZE_CLASSES && !pool->free[class])
        class ++;
    struct wg_storage *block = pool->free[class];
    if (block) {
        wg_unpoison(wg_storage_data(block), wg_storage_capacity(block));
        pool->free[class] = block->next_free;
    }
    return block;
}

struct wg_storage *wg_storage_find(struct wg_thread *th, size_t payload)
{
    struct wg_pool *pool = &th->pool;
    size_t rounded = 0;
    const bool representable = payload < (size_t)1 << 46;
    const unsigned class = representable ? size_class(payload, &rounded) : 0;
    struct wg_storage *block = NULL;
    if (representable && !fails(pool, pool->requests++)) {
        block = block_from_pool(pool, class);
        if (!block)
            block = block_from_system(pool, rounded, class);
    }
    if (!block) {
        wg_fail(WG_E_MEMORY, "memory", "no memory for %zu bytes", payload);
        return NULL;
    }
    atomic_init(&block->refs, 1);
    if (th->sees_blocks)
        wg_note_created(th, block, payload);
    pool->live += (int64_t)block->bytes;
    if (pool->live > pool->peak)
        pool->peak = pool->live;
    return block;
}

struct wg_storage *wg_storage_new(size_t payload)
{
    struct wg_thread *th = wg_self();
    return th ? wg_storage_from(th, payload) : NULL;
}

void wg_storage_report(struct wg_storage *storage)
{
    storage->recorder->observer->released(storage->recorder, storage);
}

void wg_storage_end(struct wg_storage *storage)
{
    free(start_of(storage));
}

/* Always more than WG_INLINE_BYTES, so that the object follows the block's header, as wg_object_free expects. */
void *wg_object_new(size_t bytes)
{
    struct wg_storage *block = wg_storage_new(bytes > WG_INLINE_BYTES ? bytes : WG_INLINE_BYTES + 1);
    return block ? memset(wg_storage_data(block), 0, bytes) : NULL;
}

void wg_object_free(void *object)
{
    if (object)
        wg_storage_unref((struct wg_storage *)object - 1);
}

/* ---- statistics, trimming, simulated failures ---- */

wg_memory wg_memory_now(void)
{
    const struct wg_thread *th = wg_self();
    if (!th)
        return (wg_memory){0};
    const struct wg_pool *pool = &th->pool;
    return (wg_memory){.live = pool->live, .peak = pool->peak, .pooled = pool->held - pool->live, .mallocs = pool->mallocs};
}

void wg_memory_trim(void)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    drop_spare_tapes(th);
    trim(&th->pool);
}

void wg_memory_fail(int64_t at, bool persistent)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    th->pool.requests = 0;
    th->pool.fail_at = at < 0 ? INT64_MAX : at;
    th->pool.fail_persistent = persistent;
}

int64_t wg_memory_requests(void)
{
    const struct wg_thread *th = wg_self();
    return th ? th->pool.requests : 0;
}
