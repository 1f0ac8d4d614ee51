/* Memory of graphs and cost tables: an arena that holds all of their arrays and texts. */
#ifndef WG_GRAPH_MEMORY_H
#define WG_GRAPH_MEMORY_H

#include "core/internal.h"
#include "wengert/graph.h"

/* NULL and E_MEMORY here and below. */
void *wg_arena_take(struct wg_arena *arena, size_t bytes);
const char *wg_arena_text(struct wg_arena *arena, const char *text); /* a copy */
/* "outer/name", or "name" if outer is "". */
const char *wg_arena_path(struct wg_arena *arena, const char *outer, const char *name);

extern const struct wg_hash_kind wg_by_text; /* for tables whose keys are texts */

struct wg_graph_memory {
    wg_graph graph; /* first: wg_graph_destroy takes its address */
    struct wg_arena arena;
};
struct wg_graph_memory *wg_graph_new(void); /* an empty graph, which wg_graph_destroy frees */

#endif
