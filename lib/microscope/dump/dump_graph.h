/* What a picture shows of a graph. One pass over the graph computes it (dump_graph.c), a second writes it (dump.c). Everything is
   numbered by its position in the graph, so that the same graph gives the same text. */
#ifndef WG_DUMP_GRAPH_H
#define WG_DUMP_GRAPH_H

#include "core/internal.h"
#include "microscope/graph/numbers.h"
#include "wengert/dump.h"

struct wg_cluster { /* a section in use, drawn as a cluster; number 0 is the page */
    const wg_cost_section *section;
    ptrdiff_t parent, next; /* next: the following child of the same parent */
    ptrdiff_t first_child, last_child;
    ptrdiff_t first_item, last_item;
};

/* A drawn item: a node of the graph or a leaf. */
struct wg_item {
    const wg_graph_node *node; /* NULL: a leaf */
    const wg_graph_value *leaf;
    ptrdiff_t cluster, next; /* next: the following item of the same cluster */
    ptrdiff_t reader;        /* of a leaf: the first node that reads it */
    wg_cost_sum cost;        /* of a node */
    wg_cost_sum backward;    /* of the nodes that it caused */
    bool hidden;
    bool late;    /* a leaf that only backward reads, such as the seed */
    bool updated; /* a leaf that a box of updates changes: drawn by the leaf's border, without an edge */
};

struct wg_edge_count {
    size_t reader, n; /* reader: the node, plus 1 */
};

struct wg_dump_graph {
    FILE *stream;
    const wg_graph *graph;
    wg_graph_dot_options options;
    struct wg_item *items; /* the graph's nodes in their order, then leaves */
    struct wg_cluster *clusters;
    size_t n_items, n_clusters;
    ptrdiff_t *leaves;           /* of each value that no visible node made: its item */
    ptrdiff_t *makers;           /* of each value that is a base: the last node that filled its memory */
    ptrdiff_t *sections;         /* of each section: its cluster */
    bool any_updated;            /* an item is */
    bool *passed;                /* of each value: a node of another box, of the same part, reads it; or nobody does */
    struct wg_edge_count *edges; /* of each item: its edges to the node whose edges are being written */
};

/* Computes items and clusters from p's graph and options. wg_dump_graph_end frees them, and must be called also on failure. */
wg_status wg_dump_graph_begin(struct wg_dump_graph *p);
void wg_dump_graph_end(struct wg_dump_graph *p);

static inline bool wg_dump_graph_is_node(const struct wg_dump_graph *p, ptrdiff_t item)
{
    return item != WG_NO_ITEM && item < (ptrdiff_t)p->graph->n_nodes;
}

/* The item that a value comes from: the node that made it, or a leaf; WG_NO_ITEM for a leaf not met before. The caller's tensor
   may hold what a node computed, such as a gradient that an optimizer reads; then it comes from that node. */
ptrdiff_t wg_dump_graph_source(const struct wg_dump_graph *p, size_t value);
/* The visible node that filled the value's memory, or WG_NO_ITEM. */
ptrdiff_t wg_dump_graph_maker(const struct wg_dump_graph *p, size_t value);

static inline bool wg_dump_graph_is_update_box(const wg_graph_node *node)
{
    return node->box && node->part == WG_COST_UPDATE;
}

/* Whether the edge from an item to a node is left out. Edges from each parameter and each gradient to a box of updates would cross the
   whole picture; those from other boxes, which stand for several, are drawn. */
static inline bool wg_dump_graph_is_left_out(const struct wg_dump_graph *p, ptrdiff_t from, const wg_graph_node *to)
{
    return wg_dump_graph_is_update_box(to) && (from == WG_NO_ITEM || !p->items[from].node || !p->items[from].node->box);
}

/* The op that made a leaf: a node that is hidden, or one on another tape. NULL: a leaf in the graph's sense. */
const char *wg_dump_graph_leaf_op(const struct wg_dump_graph *p, const wg_graph_value *v);

/* ---- the second pass: dump_label.c, dump_edge.c ---- */

/* "forward 6 operations · 48 B", where `what` is "forward ". Operations are those of wg_cost_operations. */
void wg_dump_cost(FILE *stream, const char *what, const wg_cost_sum *sum);
void wg_dump_indent(const struct wg_dump_graph *p, size_t depth);
void wg_dump_node(const struct wg_dump_graph *p, size_t item, size_t depth);
void wg_dump_leaf(const struct wg_dump_graph *p, size_t item, size_t depth);
void wg_dump_section(const struct wg_dump_graph *p, const wg_cost_section *section);
void wg_dump_edges(const struct wg_dump_graph *p);

#endif
