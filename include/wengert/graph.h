/* The graph of a tape as plain data: what it recorded (nodes), the tensors that these read and made (values), and the named sections in
   which they lie. A graph is independent of its tape and of the thread. Pictures, cost tables, comparisons and files are made from it.

   Nodes, values and sections are numbered by their positions in the arrays. The same computation gives the same numbers. */
#ifndef WENGERT_GRAPH_H
#define WENGERT_GRAPH_H

#include "cost.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_graph_of(tape): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* No node, no value. */
#define WG_GRAPH_NONE SIZE_MAX

/* What a node does with the gradient of its result: nothing that is known; passes it on to each operand (add); passes it on to each of two
   operands times the other (mul); passes each element on to one operand or to none (maximum, relu). */
typedef enum wg_graph_gate { WG_GRAPH_OTHER, WG_GRAPH_ADD, WG_GRAPH_MULTIPLY, WG_GRAPH_ROUTE } wg_graph_gate;

/* The elements of a value. Those that are NaN count in nan alone; if all are, the other fields are NaN. */
typedef struct wg_graph_elements {
    double min, max, mean;
    double norm; /* the square root of the sum of squares */
    int64_t nan;
} wg_graph_elements;

/* One recorded call. Nodes are in the order of the tape, so every node comes after its cause and after the makers of its inputs (but for
   edges that go round: wg_graph_collapse).
   in: the values that it read; WG_GRAPH_NONE where an optional operand was absent (WG_NONE). writes: those that it changed in place.
   The arrays belong to the graph. */
typedef struct wg_graph_node {
    const char *op;
    const char *options; /* "axis=1"; "" if it has none, or does not say them */
    wg_cost_part part;   /* backward: the node was recorded by the vjp of another; update: it only changes operands */
    size_t cause;        /* backward: that other node; WG_GRAPH_NONE if it is on another tape, and of all other nodes */
    size_t section;      /* the section that was open; of a backward node, that of the forward node that caused it */
    bool view;           /* the result shares the memory of the first input, and nothing is computed */
    bool box;     /* it stands for all nodes of this part in its section (wg_graph_collapse); op is the section's kind, or name */
    size_t nodes; /* how many calls it stands for: 1, but in a graph of wg_graph_collapse */

    bool known;     /* false: the op, or one of a box, does not state its cost, which is missing in cost */
    size_t unknown; /* how many of the calls that it stands for do not */
    wg_cost cost;
    double bytes_saved; /* of the tape's values that backward reads on account of this node and of no earlier one: memory that the
                           tape must keep. Parameters and other tensors of the caller's are not counted */
    size_t allocations; /* results that have memory of their own: neither views nor, as far as a traced tape shows it, written
                           over a donated operand. What a kernel uses while it runs is not counted */
    double bytes_allocated; /* the size of these results */
    double nanoseconds;     /* time of the kernel, without recording, on a tape opened with .time = true; negative: not measured */

    wg_graph_gate gate;
    /* On a traced tape, of each input: the gradient that this node's vjp gave for it in the last pass, its share of the input's gradient.
       NULL: not known, or not asked for. NULL in place of the array: of no input. */
    const wg_graph_elements *const *gradient;

    const size_t *in, *out, *writes;
    size_t n_in, n_out, n_writes;
} wg_graph_node;

/* Where a value comes from. */
typedef enum wg_graph_origin {
    WG_GRAPH_RESULT,   /* of a node of this graph */
    WG_GRAPH_CALLER,   /* a tensor that the caller owns: a parameter, an input */
    WG_GRAPH_CONSTANT, /* made on the tape by no op, as wg_scalar does */
    WG_GRAPH_OUTER,    /* from a tape below */
} wg_graph_origin;

/* A tensor that a node read or made. First stand the results, in the order of their nodes, then the others, in the order in which
   nodes read them first. */
typedef struct wg_graph_value {
    const char *name; /* wg_set_name; "" if it has none */
    wg_graph_origin origin;
    size_t node;       /* the node that made it, or WG_GRAPH_NONE */
    size_t slot;       /* its number among that node's results */
    const char *outer; /* of a result of a tape below, the op that made it; else "" */
    wg_dtype dtype;
    wg_shape shape;
    size_t times;           /* how many tensors of this shape it stands for: 1, but in a graph of wg_graph_collapse */
    bool requires_gradient; /* a leaf that requires a gradient, or computed from one */
    bool saved;             /* a node reads it in backward */
    bool released;          /* its elements were released */
    size_t base; /* the first value that has the same memory: the value itself, what it is a view of, or what it was written over */
    size_t
        gradient; /* the value that holds its gradient, or WG_GRAPH_NONE if it has none, or none that a node of this graph made or
                        read. Results have one on a traced tape, that of the last backward pass that reached them */
    const wg_graph_elements *elements, *gradient_elements; /* NULL: not asked for, released, empty, or no gradient */
} wg_graph_value;

/* traced: false if the tape was not traced. Then a backward pass may have run that left no nodes.
   Section 0 is the whole graph. */
typedef struct wg_graph {
    const wg_graph_node *node;
    const wg_graph_value *value;
    const wg_cost_section *section;
    size_t n_nodes, n_values, n_sections;
    bool traced;
} wg_graph;

/* Options of wg_graph_of. values: reads the elements of each value and gradient that has not been released, which costs a pass over
   them. */
typedef struct WG_NAMED wg_graph_options {
    bool values;
} wg_graph_options;

/* The graph of an open tape, such as wg_tape_top(), which wg_graph_destroy frees. NULL and the error on failure: E_NULL; E_DANGLING (the
   tape is closed, or belongs to another thread); E_MEMORY. Cost: one pass over the nodes and values. */
#define wg_graph_of(tape, ...) wg_graph_of_with((tape), WG_OPTIONS(wg_graph_options, .values = true, __VA_ARGS__))
WG_API wg_graph *wg_graph_of_with(const wg_tape *tape, wg_graph_options options);
WG_API void wg_graph_destroy(wg_graph *graph); /* NULL is allowed */

/* Is one of the ops called ops[0 … n_ops) on a path from one tensor to another, along which a gradient flows? *found is the name of the
   first one, in the order of recording, or NULL if there is none, or no path. It is for checks in every step of what a loss is made of: no graph is
   made and nothing is allocated. What a checkpointed function does inside is not seen. Errors: E_NULL,
   E_ARGUMENT (WG_NONE), E_RELEASED, E_DANGLING, E_THREAD. Cost: two passes over the nodes between the two. */
WG_API WG_MUST_CHECK wg_status wg_graph_find_between(const wg_tensor *from, const wg_tensor *to, const char *const *ops,
                                                     size_t n_ops, const char **found);

/* The sums of a graph: what wg_cost_of gives for its tape. wg_cost_destroy frees the table, which is independent of the graph. NULL and
   the error on failure: E_NULL, E_MEMORY. */
WG_API wg_cost_table *wg_graph_costs(const wg_graph *graph);

/* Options of wg_graph_collapse.
   fold: joins repeated runs of nodes, and updates (below). depth: so many levels of sections stay open; each section below them becomes one node for its
   forward part and one for its backward part. Negative: all stay open. */
typedef struct WG_NAMED wg_graph_collapse_options {
    bool fold;
    int depth;
} wg_graph_collapse_options;

/* A smaller graph of the same computation, for people to look at; wg_graph_destroy frees it. Costs are sums, and no node gets lost in
   them.

   Folding: at least two equal runs of nodes, one behind the other, of which all but the first have at least 6 nodes in all, become one.
   They are equal if their ops, options, shapes, dtypes, kinds of sections and the edges within are, where views may differ in their
   options. Each node of the first run stands for its copies (nodes), backward nodes follow the nodes that caused them, and tensors that
   each copy has for itself, such as weights, become one (times). The section around them has times: the one that each copy has, or a new
   one of the kind "repeat". What a copy passes on to the next is read by a node from a later one or from itself: such edges go round, and
   only these. Runs are looked for again until there are none, so that repetitions within repetitions fold, too. A section of which only
   some nodes are in the run, because the program enters it elsewhere, too, is there twice: in the repetition with those, where it
   was with the others.
   At least 7 updates of one section with no forward node between them, as those of an optimizer's step, become one box, "updates".

   Closed sections: a box reads and makes what crosses its border, and stands where its section stood. Parameters, constants and buffers that a
   single box reads, in forward or else in updates, are not in the graph.

   NULL and the error on failure: E_NULL, E_MEMORY. Cost: linear in the nodes and edges for each level of repetition. */
#define wg_graph_collapse(graph, ...) \
    wg_graph_collapse_with((graph), WG_OPTIONS(wg_graph_collapse_options, .fold = true, .depth = -1, __VA_ARGS__))
WG_API wg_graph *wg_graph_collapse_with(const wg_graph *graph, wg_graph_collapse_options options);

/* Options of wg_graph_write_dot and of wg_dump_dot.
   values: shows the range of each value whose elements the graph knows. backward: draws backward nodes too, each with a dashed arrow
   from the forward node that caused it. updates: draws updates. fold, depth: of wg_graph_collapse, through which the graph goes first. */
typedef struct WG_NAMED wg_graph_dot_options {
    bool values, backward, updates, fold;
    int depth;
    const char *title;
} wg_graph_dot_options;
#define WG_GRAPH_DOT_OPTIONS(type, ...) \
    WG_OPTIONS(type, .values = true, .backward = true, .updates = true, .fold = true, .depth = -1, .title = "", __VA_ARGS__)

/* Writes the graph as Graphviz DOT: a box for each node with its shapes and its counted cost, of forward and, if it is traced, of
   backward; a frame for each open section; leaves by name. The box of an optimizer's updates has no edges to single parameters and
   gradients; the parameters that it changes have its colour as a border. Tooltips name what a box hides. The same graph gives the same text.
   Errors: E_NULL; E_MEMORY; E_IO if writing to the stream fails. */
#define wg_graph_write_dot(graph, stream, ...) \
    wg_graph_write_dot_with((graph), (stream), WG_GRAPH_DOT_OPTIONS(wg_graph_dot_options, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_graph_write_dot_with(const wg_graph *graph, FILE *stream, wg_graph_dot_options options);

/* Options of wg_graph_write_gates. */
typedef struct WG_NAMED wg_graph_gates_options {
    const char *title;
} wg_graph_gates_options;

/* Writes the forward nodes of a small graph as Graphviz DOT, as lectures draw backprop: each op is a gate, with the values forward and
   the gradients backward on its wires, whose width shows the gradient's norm. Addition distributes its gradient, multiplication swaps
   its operands, a maximum routes; a value that several operands read passes a copy gate, which adds their gradients. Routers that
   stop a gradient are marked, and parameters that none reaches are listed. A gate shows its section. What an op does is stated with it
   (WG_OP_DISTRIBUTES, WG_OP_SWAPS, WG_OP_ROUTES). The graph is one of a traced tape, after backward; else no gradients are known.
   Errors: E_NULL; E_MEMORY; E_IO if writing to the stream fails. */
#define wg_graph_write_gates(graph, stream, ...) \
    wg_graph_write_gates_with((graph), (stream), WG_OPTIONS(wg_graph_gates_options, .title = "", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_graph_write_gates_with(const wg_graph *graph, FILE *stream, wg_graph_gates_options options);

/* Writes the graph as JSON, in the format of docs/guide/graph-format.md. The same graph gives the same text.
   Errors: E_NULL; E_MEMORY; E_IO if writing to the stream fails. */
WG_API WG_MUST_CHECK wg_status wg_graph_write_json(const wg_graph *graph, FILE *stream);

/* Reads a graph that was written as JSON, up to the end of the stream; wg_graph_destroy frees it. Written again it gives the same text.
   Whatever the stream holds, the result is a graph whose numbers refer to what exists, or an error that says what was expected where.
   NULL and the error on failure: E_NULL; E_ARGUMENT (the text is no such graph); E_IO (the stream cannot be read); E_MEMORY; E_STATE (the
   library was built without jansson). */
WG_API wg_graph *wg_graph_read_json(FILE *stream);

/* ---- what differs between two graphs ---- */

typedef enum wg_graph_change_kind { WG_GRAPH_ADDED, WG_GRAPH_REMOVED, WG_GRAPH_CHANGED } wg_graph_change_kind;

/* before: the node of the first graph, after: of the second; WG_GRAPH_NONE where there is none. Of a changed node at least one of the
   flags is set. */
typedef struct wg_graph_change {
    wg_graph_change_kind kind;
    size_t before, after;
    bool shape;   /* the shape or the dtype of a result, or their number */
    bool cost;    /* the counted cost, or whether it is known */
    bool options; /* the text of its options */
} wg_graph_change;

/* In the order of the nodes. n_same: nodes that both graphs have and that did not change. */
typedef struct wg_graph_changes {
    const wg_graph_change *change;
    size_t n_changes, n_same;
} wg_graph_changes;

/* What differs between two graphs, such as two versions of a network, or the same step before and after a change. Two nodes correspond
   if they are of one op, part and section path, and as many as possible do so in the order of both graphs (Myers, An O(ND) difference
   algorithm, 1986). Graphs that differ in more than 1,000 nodes are compared more roughly: the k-th node of an op, part and path of
   the one corresponds to the k-th of the other. wg_graph_changes_destroy frees the result. NULL and the error on failure: E_NULL,
   E_MEMORY. Cost: the number of nodes times that of differences. */
WG_API wg_graph_changes *wg_graph_diff(const wg_graph *before, const wg_graph *after);
WG_API void wg_graph_changes_destroy(wg_graph_changes *changes); /* NULL is allowed */

/* Prints changes of these two graphs, a line each: "+" before an added node, "-" before a removed one, "~" before a changed one with
   what it was and what it is; then how many nodes there are, and the operations of each part in both graphs. Errors: E_NULL; E_IO if writing
   to the stream fails. */
WG_API WG_MUST_CHECK wg_status wg_graph_changes_print(const wg_graph_changes *changes, const wg_graph *before,
                                                      const wg_graph *after, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif
