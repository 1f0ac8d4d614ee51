/* The graph that a dump shows. One pass over the tape builds it (dump_graph.c), a second writes it (dump.c). Everything is numbered
   by its position on the tape, so that the same computation gives the same text. */
#ifndef WG_DUMP_GRAPH_H
#define WG_DUMP_GRAPH_H

#include "core/internal.h"
#include "debug/cost_count.h"
#include "debug/numbers.h"
#include "wengert/dump.h"

struct wg_cluster { /* a section in use, drawn as a cluster; number 0 is the page */
    const wg_section *section;
    ptrdiff_t parent, next; /* next: the following child of the same parent */
    ptrdiff_t first_child, last_child;
    ptrdiff_t first_item, last_item;
};

/* A drawn item: a node of the tape or a leaf. */
struct wg_item {
    const struct wg_node *node; /* NULL: a leaf */
    const wg_tensor *leaf;
    ptrdiff_t cluster, next; /* next: the following item of the same cluster */
    ptrdiff_t reader;        /* of a leaf: the first node that reads it */
    wg_cost_sum cost;        /* of a node */
    wg_cost_sum backward;    /* of the nodes that it caused */
    bool hidden;
    bool late; /* a leaf that only backward reads, such as the seed */
};

struct wg_dump_graph {
    FILE *stream;
    const wg_tape *tape;
    wg_dump_dot_options options;
    struct wg_item *items; /* the tape's nodes in their order, then leaves */
    struct wg_cluster *clusters;
    wg_cost_table *costs; /* of the tape's nodes, which have the same numbers here */
    size_t n_nodes, n_items, n_clusters;
    struct wg_hash leaves; /* tensors that no visible node of this tape made, to items */
    struct wg_hash makers; /* storages of results, to the last node that filled each */
    struct wg_hash sections;
};

/* Computes items, clusters and costs from p's tape and options. wg_dump_graph_end frees them, and must be called also on failure. */
wg_status wg_dump_graph_begin(struct wg_dump_graph *p);
void wg_dump_graph_end(struct wg_dump_graph *p);

static inline bool wg_dump_graph_is_node(const struct wg_dump_graph *p, ptrdiff_t item)
{
    return item != WG_NO_ITEM && item < (ptrdiff_t)p->n_nodes;
}

/* The position of a node on the tape, or WG_NO_ITEM if it is on another. */
ptrdiff_t wg_dump_graph_node(const struct wg_dump_graph *p, const struct wg_node *node);
/* The item that an operand comes from: the node that made it, or a leaf; WG_NO_ITEM for a leaf not met before. The caller's tensor
   may hold what a node computed, such as a gradient that an optimizer reads; then it comes from that node. */
ptrdiff_t wg_dump_graph_source(struct wg_dump_graph *p, const wg_tensor *t);
/* The visible node that made the value of a leaf, or WG_NO_ITEM. */
ptrdiff_t wg_dump_graph_maker(struct wg_dump_graph *p, const wg_tensor *t);

#endif
