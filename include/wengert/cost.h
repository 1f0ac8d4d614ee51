/* The counted cost of what a tape has recorded, as data: by node, by named section and in total, separately for forward, backward and
   updates.

   A backward pass and updates leave nodes on a traced tape alone (wg_tape_open(.trace = true)), and backward with .create_graph on any. */
#ifndef WENGERT_COST_H
#define WENGERT_COST_H

#include "base.h"
#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_cost_part { WG_COST_FORWARD, WG_COST_BACKWARD, WG_COST_UPDATE } wg_cost_part;
enum { WG_COST_PARTS = 3 };

/* No node: what caused a node is on another tape, or the node is no backward node. */
#define WG_COST_NO_NODE SIZE_MAX

/* One recorded call, in the order of the tape. */
typedef struct wg_cost_node {
    const char *op;
    wg_cost cost;
    bool known;        /* false: the op does not state its cost, and cost is zero */
    wg_cost_part part; /* backward: the node was recorded by the vjp of another */
    size_t cause;      /* that other node, or WG_COST_NO_NODE */
    size_t section;    /* the section that was open; of a backward node, that of the forward node that caused it */
} wg_cost_node;

/* A sum over nodes. unknown: how many of them state no cost: where it is not 0, the true cost is more than cost. */
typedef struct wg_cost_sum {
    wg_cost cost;
    size_t nodes, unknown;
} wg_cost_sum;

/* A section with all that is inside it. Section 0 is the whole tape, with the path "". A section comes after the one around it. */
typedef struct wg_cost_section {
    const char *path; /* "encoder/layer1" */
    size_t parent;    /* of section 0: 0 */
    wg_cost_sum sum[WG_COST_PARTS];
} wg_cost_section;

/* backward_known: false if the tape is not traced. Then a backward pass or an update may have run that left no nodes, and the sums of
   these parts say only what was recorded. */
typedef struct wg_cost_table {
    const wg_cost_node *node;
    size_t n_nodes;
    const wg_cost_section *section;
    size_t n_sections;
    bool backward_known;
} wg_cost_table;

/* The costs of an open tape, such as wg_tape_top(): a table that wg_cost_destroy frees; NULL and the error on failure: E_NULL, E_DANGLING
   (the tape is closed, or belongs to another thread), E_MEMORY. The table outlives the tape; it borrows only the ops' names. Cost: one
   pass over the nodes. */
WG_API wg_cost_table *wg_cost_of(const wg_tape *tape);
WG_API void wg_cost_destroy(wg_cost_table *table); /* NULL is allowed */

/* a + b, field by field. */
WG_API wg_cost wg_cost_add(wg_cost a, wg_cost b);

#ifdef __cplusplus
}
#endif

#endif
