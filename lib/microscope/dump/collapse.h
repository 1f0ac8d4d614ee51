/* wg_graph_collapse: nodes, values and sections of a graph are joined into fewer. fold.c joins repetitions, collapse.c closes sections,
   and join.c makes the smaller graph. */
#ifndef WG_COLLAPSE_H
#define WG_COLLAPSE_H

#include "core/arena.h"
#include "microscope/graph/graph_memory.h"
#include "microscope/graph/scan.h"

/* Who is joined with whom. Arrays of numbers in the arena. */
struct wg_joining {
    const wg_graph *graph;
    struct wg_arena *arena;
    size_t *node;             /* of each node: the first of those it is joined with, maybe itself */
    size_t *value;            /* of each value: the one that stands for it */
    size_t *place;            /* of each node: its section, in the following array */
    wg_cost_section *section; /* those of the graph, then new ones. Only name, kind, parent and times are read */
    size_t n_sections;
    bool *closed; /* of each section: the nodes in it are joined into boxes */
};

/* Begins with nothing joined: each node, value and section represents itself. more: how many sections may be added. E_MEMORY. */
wg_status wg_joining_begin(struct wg_joining *j, const wg_graph *graph, struct wg_arena *arena, size_t more);

/* The graph in which what is joined is one; NULL and E_MEMORY. */
wg_graph *wg_joined(const struct wg_joining *j);

/* Nodes that joining must save at least. */
enum { WG_FOLD_SAVES = 6 };

/* Joins repeated runs. Sets *found to how many there are. */
wg_status wg_fold_repetitions(struct wg_joining *j, size_t *found);

/* n numbers, each with the same value; NULL: no memory. */
size_t *wg_numbers(struct wg_arena *arena, size_t n, size_t value);

#endif
