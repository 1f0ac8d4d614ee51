/* The counted cost of what a tape has recorded, as sums: by named section, by op and in total, separately for forward, backward and
   updates. The cost of each node is in wg_graph (graph.h), which has the same counts.

   A backward pass leaves nodes on a traced tape alone (wg_tape_open(.trace = true)), and with .create_graph on any. */
#ifndef WENGERT_COST_H
#define WENGERT_COST_H

#include <stdio.h>

#include "base.h"
#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_cost_part { WG_COST_FORWARD, WG_COST_BACKWARD, WG_COST_UPDATE } wg_cost_part;
enum { WG_COST_PARTS = 3 };

/* A sum over nodes.
   unknown: how many of them state no cost. Where it is not 0, the true cost is more than cost.
   bytes_saved, allocations, bytes_allocated: as in wg_graph_node.
   timed: how many of them were measured (wg_tape_open(.time = true)); nanoseconds: their time. */
typedef struct wg_cost_sum {
    wg_cost cost;
    size_t nodes, unknown;
    double bytes_saved, bytes_allocated;
    size_t allocations, timed;
    double nanoseconds;
} wg_cost_sum;

/* A section with all that is inside it. Section 0 is the whole tape, with the path "". A section comes after the one around it. */
typedef struct wg_cost_section {
    const char *path; /* "encoder/layer1" */
    const char *name; /* its last part, "layer1" */
    const char *kind; /* of a module, such as "batch_norm"; "" if none was given (wg_section_push) */
    size_t parent;    /* of section 0: 0 */
    size_t times;     /* how many repetitions it stands for: 1, but in a graph of wg_graph_collapse. The sums are those of all */
    wg_cost_sum sum[WG_COST_PARTS];
} wg_cost_section;

/* All calls of one op: forward and update are its own nodes, backward the nodes that those of forward caused. */
typedef struct wg_cost_op {
    const char *op;
    wg_cost_sum sum[WG_COST_PARTS];
} wg_cost_op;

/* backward_known: false if the tape is not traced. Then a backward pass may have run that left no nodes, and the sums of backward say
   only what was recorded. Ops are listed in the order of their first node. */
typedef struct wg_cost_table {
    const wg_cost_section *section;
    size_t n_sections;
    const wg_cost_op *op;
    size_t n_ops;
    bool backward_known;
} wg_cost_table;

/* The costs of an open tape, such as wg_tape_top(): a table that wg_cost_destroy frees; NULL and the error on failure: E_NULL, E_DANGLING
   (the tape is closed, or belongs to another thread), E_MEMORY. The table outlives the tape. Cost: one pass over the nodes. */
WG_API wg_cost_table *wg_cost_of(const wg_tape *tape);
WG_API void wg_cost_destroy(wg_cost_table *table); /* NULL is allowed */

/* Prints the table for a person: the totals of each kind of operation; the sections as a tree, "3 batch_norm" with its kind, and a row each
   for what is in none and for the updates that are in none, as those of an optimizer do; the ops, the backward nodes under the op that
   caused them. Operations are additions, multiplications, divisions, comparisons and calls of
   transcendental functions. What is not known is "?", and "≥" stands before a sum in which some of it is missing. Times are there if
   nodes were measured. Errors: E_NULL; E_MEMORY; E_IO if writing to the stream fails. */
WG_API WG_MUST_CHECK wg_status wg_cost_print(const wg_cost_table *table, FILE *stream);

/* a + b, field by field. */
WG_API wg_cost wg_cost_add(wg_cost a, wg_cost b);

/* The operations of a cost: additions, multiplications, divisions, comparisons and transcendental calls, each counted as one. */
WG_API double wg_cost_operations(wg_cost cost);

/* The cheap-gradient ratio ops(f, ∇f) / ops(f) of a section of the table: the operations of its forward and backward parts over those
   of its forward part (wg_cost_operations). Moving elements is no operation. NaN where it is not known: a node of either part
   states no cost, the tape was not traced, the forward part has no operations, or the table is NULL or has no such section.
   Reverse mode bounds the ratio of a scalar function by a constant, whatever the number of variables: 3 for the multiplications of a
   polynomial alone, 4 for all its operations (Baur, Strassen, 1983), 5 with quotients and elementary functions (Griewank, Walther, 2008).
   A Jacobian- or Hessian-vector product that is recorded counts as backward: for wg_hvp the ratio is ops(f, ∇f, Hv) / ops(f), with the
   bounds 9, 16 and 20. docs/guide/cheap-gradients.md has the ratio of each op. */
WG_API double wg_cost_gradient_ratio(const wg_cost_table *table, size_t section);

#ifdef __cplusplus
}
#endif

#endif
