/* What a dump shows of a tape: found in one pass over the list (dump_graph.c), written in another (dump.c). Everything is numbered by
   its place on the tape, so that the same computation gives the same text. */
#ifndef WG_PICTURE_H
#define WG_PICTURE_H

#include "core/internal.h"
#include "wengert/dump.h"

enum { WG_NO_ITEM = -1 };

/* Pointers and the numbers given to them; open addressing, made once for as many as there can be. */
struct wg_numbers {
    const void **key;
    ptrdiff_t *number;
    size_t mask;
};

struct wg_cluster { /* a section in use, a cluster of the picture; place 0 is the page */
    const wg_section *section;
    ptrdiff_t parent, next; /* next: the following child of the same parent */
    ptrdiff_t first_child, last_child;
    ptrdiff_t first_item, last_item;
};

/* A node of the tape or a leaf: what is drawn. */
struct wg_item {
    const struct wg_node *node; /* NULL: a leaf */
    const wg_tensor *leaf;
    ptrdiff_t cluster, next; /* next: the following item of the same place */
    ptrdiff_t reader;        /* a leaf's: the first node that reads it */
    wg_cost cost, backward;  /* backward: what the nodes that it caused cost together */
    bool hidden, caused_any;
    bool late; /* a leaf that only backward reads, as the 1 that a walk begins with */
};

struct wg_picture {
    FILE *stream;
    const wg_tape *tape;
    wg_dump_dot_options options;
    struct wg_item *items; /* the tape's nodes in their order, then leaves */
    struct wg_cluster *clusters;
    size_t n_nodes, n_backward, n_updates, n_items, n_clusters;
    struct wg_numbers leaves; /* tensors that no visible node of this tape made */
    struct wg_numbers makers; /* the storages of results, and the last node that filled each */
    struct wg_numbers sections;
    wg_cost forward, backward, updates;
};

/* Fills items, places and sums from p's tape and options; wg_picture_end gives their memory back, on failure too. */
wg_status wg_picture_begin(struct wg_picture *p);
void wg_picture_end(struct wg_picture *p);

static inline bool wg_picture_is_node(const struct wg_picture *p, ptrdiff_t item)
{
    return item != WG_NO_ITEM && item < (ptrdiff_t)p->n_nodes;
}

/* An op that is there for what it changes. */
static inline bool wg_is_update(const wg_call *c)
{
    return c->op->writes && c->n_out == 0;
}

/* The place of a node in the order of the tape, or NOWHERE if it is on another. */
ptrdiff_t wg_picture_node(const struct wg_picture *p, const struct wg_node *node);
/* The item that an operand comes from: the node that made it, or a leaf; NOWHERE for a leaf not met before. A leaf may hold what a
   node computed, as a gradient does that an optimizer reads. */
ptrdiff_t wg_picture_source(struct wg_picture *p, const wg_tensor *t);
/* The node that made the value of a leaf, or NOWHERE. */
ptrdiff_t wg_picture_maker(struct wg_picture *p, const wg_tensor *t);

#endif
