/* Memory of graphs and cost tables. */
#include "microscope/graph/graph_memory.h"

#include <string.h>

#include "core/arena.h"

void *wg_arena_take(struct wg_arena *arena, size_t bytes)
{
    return wg_arena_alloc(arena, bytes ? (bytes + 15) & ~(size_t)15 : 16); /* an empty array has an address, too */
}

const char *wg_arena_text(struct wg_arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    if (size == 1)
        return "";
    char *copy = wg_arena_take(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

const char *wg_arena_path(struct wg_arena *arena, const char *outer, const char *name)
{
    char *path = wg_arena_take(arena, strlen(outer) + strlen(name) + 2), *at = path;
    if (!path)
        return NULL;
    at = stpcpy(at, outer);
    if (outer[0])
        *at++ = '/';
    strcpy(at, name);
    return path;
}

static uint64_t hash_text(const void *context, const void *key)
{
    (void)context;
    return wg_hash_text(0, key);
}

static bool same_text(const void *context, const void *a, const void *b)
{
    (void)context;
    return strcmp(a, b) == 0;
}

const struct wg_hash_kind wg_by_text = {hash_text, same_text};

struct wg_graph_memory *wg_graph_new(void)
{
    return wg_object_new(sizeof(struct wg_graph_memory));
}

void wg_graph_destroy(wg_graph *graph)
{
    struct wg_graph_memory *memory = (struct wg_graph_memory *)(void *)graph;
    if (!memory)
        return;
    wg_arena_shrink(&memory->arena, true);
    wg_object_free(memory);
}
