/* Arenas: bump allocators that grow chunk by chunk. Chunks are freed youngest first. */
#include "core/arena.h"

/* A new chunk is as large as the arena so far, headers included, and between 64 KiB and 16 MiB unless one request needs more.
   Chunks of at least 16 MiB lie in huge pages. */
enum { CHUNK = 1 << 16, LARGEST = 1 << 24, LINE = 64 };

static struct wg_chunk *chunk_new(size_t bytes, size_t size)
{
    const size_t overhead = sizeof(struct wg_storage) + sizeof(struct wg_chunk) + LINE;
    size = bytes + overhead > size ? bytes + overhead : size;
    struct wg_storage *block = wg_storage_new(size - sizeof *block);
    if (!block)
        return NULL;
    struct wg_chunk *chunk = (struct wg_chunk *)(void *)wg_storage_data(block);
    char *after = (char *)(chunk + 1);
    chunk->start = after + (LINE - (uintptr_t)after % LINE) % LINE;
    chunk->end = (char *)block + size;
    return chunk;
}

void *wg_arena_grow(struct wg_arena *arena, size_t bytes)
{
    struct wg_chunk *chunk = chunk_new(bytes, arena->bytes < CHUNK ? CHUNK : arena->bytes > LARGEST ? LARGEST : arena->bytes);
    if (!chunk)
        return NULL;
    if (arena->chunks)
        arena->chunks->filled = arena->at;
    arena->bytes += (size_t)(chunk->end - (char *)chunk) + sizeof(struct wg_storage);
    chunk->prev = arena->chunks;
    arena->chunks = chunk;
    arena->at = chunk->start;
    arena->end = chunk->end;
    return wg_arena_alloc(arena, bytes);
}

wg_status wg_arena_begin(struct wg_arena *arena)
{
    char *at = arena->chunks ? arena->at : wg_arena_grow(arena, LINE);
    if (!at)
        return WG_E_MEMORY;
    arena->at = at;
    wg_poison(at, (size_t)(arena->end - at));
    return WG_OK;
}

void wg_arena_shrink(struct wg_arena *arena, bool all)
{
    struct wg_chunk *chunk = arena->chunks;
    while (chunk && (all || chunk->prev)) {
        struct wg_chunk *prev = chunk->prev;
        wg_unpoison(chunk, (size_t)(chunk->end - (char *)chunk));
        wg_object_free(chunk);
        chunk = prev;
    }
    arena->chunks = chunk;
    arena->at = chunk ? chunk->start : NULL;
    arena->end = chunk ? chunk->end : NULL;
    arena->bytes = chunk ? (size_t)(chunk->end - (char *)chunk) + sizeof(struct wg_storage) : 0;
    if (chunk)
        wg_poison(chunk->start, (size_t)(chunk->end - chunk->start));
}
