/* A graph and the memory that it owns. */
#ifndef WG_GRAPH_MEMORY_H
#define WG_GRAPH_MEMORY_H

#include "core/internal.h"
#include "wengert/graph.h"

struct wg_graph_memory {
    wg_graph graph;        /* first: wg_graph_destroy takes its address */
    struct wg_arena arena; /* all arrays and texts of the graph */
};

/* An empty graph, which wg_graph_destroy frees. NULL and E_MEMORY, also below. */
struct wg_graph_memory *wg_graph_new(void);
void *wg_graph_take(struct wg_graph_memory *memory, size_t bytes);
const char *wg_graph_text(struct wg_graph_memory *memory, const char *text); /* a copy */

#endif
