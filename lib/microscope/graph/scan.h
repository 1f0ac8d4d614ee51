/* The one pass over a tape from which graphs, cost tables and streamed dumps are made. It hands out nodes, then values, then sections,
   one at a time, so a caller that does not keep them needs little memory: five eighths of a byte for each node of one result, and for each leaf and each
   section some words.

   Call order: wg_scan_begin; wg_scan_node for every node in the order of the tape; if values are needed wg_scan_result for every
   result of every node in that order, then wg_scan_leaf for every leaf; wg_scan_sections; wg_scan_end, also on failure. */
#ifndef WG_SCAN_H
#define WG_SCAN_H

#include "core/internal.h"
#include "wengert/graph.h"

/* Every so many nodes one has its number noted, so that the number of any node is found in a few steps. */
enum { WG_SCAN_STRIDE = 32 };
struct wg_scan_mark {
    const struct wg_node *node;
    size_t first_result; /* the number of its first result */
};

/* A tensor that was read and is no result of this tape. */
struct wg_scan_leaf {
    const wg_tensor *tensor;
    bool saved; /* its bytes are counted as saved */
};

/* Values known to have the same memory as a leaf or as a leaf's gradient. */
struct wg_scan_memory {
    size_t base, last; /* the first value with this memory; the last result that was computed in it. WG_GRAPH_NONE: none */
};

/* Whose memory the results have that were asked for lately, so that a chain of views is not followed to its start for each of them. */
enum { WG_SCAN_RECENT = 256 };
struct wg_scan_recent {
    const wg_tensor *tensor, *root;
};

struct wg_scan {
    const wg_tape *tape;
    const struct wg_node *last;     /* of the tape, as it was at wg_scan_begin */
    struct wg_arena *arena;         /* the caller's: of the texts of sections */
    bool values;                    /* the caller will ask for values */
    size_t n_results, n_operands;   /* of all nodes: results; inputs, results and writes at most; set by wg_scan_begin */
    size_t next_result;             /* the number of the next node's first result */
    struct wg_scan_mark *mark;      /* of every WG_SCAN_STRIDEth node */
    size_t n_marks;                 /* all noted by wg_scan_begin */
    struct wg_hash leaf_numbers;    /* of tensors: positions in leaves */
    struct wg_array leaves;         /* struct wg_scan_leaf */
    struct wg_hash memory_numbers;  /* of storages: positions in memories */
    struct wg_array memories;       /* struct wg_scan_memory */
    struct wg_hash section_numbers; /* of sections: positions in sections */
    struct wg_array sections;       /* wg_cost_section, whose path is set by wg_scan_sections */
    struct wg_array origins;        /* const wg_section *, of each; section 0: NULL */
    uint8_t *saved;                 /* a bit for each result: its bytes are counted as saved */
    struct wg_array numbers;        /* size_t: of the last node's inputs, outputs and writes */
    char options[200];              /* of the last node */
    struct wg_scan_recent recent[WG_SCAN_RECENT];
};

/* Fails unless the tape is open on this thread. Compares the pointer with the thread's tapes and never dereferences it. */
wg_status wg_check_open(const wg_tape *tape, const char *op);

/* scan: zeroed but for tape, arena and values. The tape is open until wg_scan_end. Its nodes are those that it had here: cost functions
   may not add any, but a program's might. E_MEMORY is the only error here and below. */
wg_status wg_scan_begin(struct wg_scan *scan);
/* The forward node that caused this one, or itself. */
static inline const struct wg_node *wg_scan_forward(const struct wg_node *node)
{
    while (node->cause)
        node = node->cause;
    return node;
}
/* The node after this one, or NULL. */
static inline const struct wg_node *wg_scan_next(const struct wg_scan *scan, const struct wg_node *node)
{
    return node == scan->last ? NULL : node->next;
}
/* Everything about the next node. Its arrays are valid until the next call. Its cost is added to its section. */
wg_status wg_scan_node(struct wg_scan *scan, const struct wg_node *node, wg_graph_node *to);
/* Everything about a result but its elements. number: that of the value, slot: that among the results of node, the at-th. */
void wg_scan_result(struct wg_scan *scan, const struct wg_node *node, size_t at, unsigned slot, size_t number, wg_graph_value *to);
void wg_scan_leaf(struct wg_scan *scan, size_t leaf, wg_graph_value *to);
const wg_tensor *wg_scan_leaf_tensor(const struct wg_scan *scan, size_t leaf);
/* Adds inner sections to those around them and makes all paths, names and kinds in the arena. */
wg_status wg_scan_sections(struct wg_scan *scan);
void wg_scan_end(struct wg_scan *scan);

/* The gradient of a leaf, or of a result of a traced tape; or NULL. */
wg_tensor *wg_scan_gradient(const wg_tensor *t);
/* The gradient that a node's vjp gave for operand i, or NULL. */
const wg_tensor *wg_scan_contribution(const struct wg_scan *scan, const struct wg_node *node, unsigned i);
/* The elements of a tensor, in *to; false if they cannot be read. */
bool wg_scan_elements(const wg_tensor *t, wg_graph_elements *to);

static inline size_t wg_scan_n_leaves(const struct wg_scan *scan)
{
    return scan->leaves.n;
}

/* The members of an op's params that it names (WG_PARAMS), "axis=1, keepdims"; "" if it names none. */
void wg_params_text(const struct wg_op *op, const void *params, char *at, size_t size);

/* The stated cost of a call; a view costs nothing. False if it is unknown: where none is stated, the cost function of a user's op failed,
   or what it stated is no count (NaN, negative, infinite). A cost function that runs ops on the tape has failed: E_STATE. */
bool wg_cost_stated(const wg_call *c, wg_cost *cost);
/* True while a cost function runs in the thread. A recording that asked for the cost may not end in it. */
bool wg_cost_is_asked(const struct wg_thread *th);

extern const char *const wg_part_name[WG_COST_PARTS]; /* "forward", "backward", "update" */

/* The members of a cost. */
enum { WG_COST_MEMBERS = 7 };
extern const struct wg_cost_member {
    const char *key, *title; /* in JSON, in tables */
    size_t offset;           /* in wg_cost, of a double */
} wg_cost_member[WG_COST_MEMBERS];
static inline double *wg_cost_at(wg_cost *cost, size_t i)
{
    return (double *)(void *)((char *)cost + wg_cost_member[i].offset);
}
static inline double wg_cost_number(wg_cost cost, size_t i)
{
    return *wg_cost_at(&cost, i);
}

/* Adds a node's cost to a sum. */
void wg_cost_sum_node(wg_cost_sum *sum, const wg_graph_node *node);
void wg_cost_sum_add(wg_cost_sum *sum, const wg_cost_sum *more);
/* Adds the sums of each section to those of the one around it, which has a lower number. */
void wg_cost_sum_inner(wg_cost_section *section, size_t n);

/* True for an update: an op that only changes operands and has no result. */
static inline bool wg_is_update(const wg_call *c)
{
    return c->op->writes && c->n_out == 0;
}

#endif
