/* Counted costs of a tape as sums by section and by op. */
#include <math.h>
#include <string.h>

#include "microscope/graph/graph_memory.h"
#include "microscope/graph/scan.h"

/* ---- sums ---- */

const char *const wg_part_name[WG_COST_PARTS] = {"forward", "backward", "update"};

const struct wg_cost_member wg_cost_member[WG_COST_MEMBERS] = {
    {"add", "additions", offsetof(wg_cost, add)},
    {"mul", "multiplications", offsetof(wg_cost, mul)},
    {"div", "divisions", offsetof(wg_cost, div)},
    {"compare", "comparisons", offsetof(wg_cost, compare)},
    {"transcendental", "transcendental calls", offsetof(wg_cost, transcendental)},
    {"bytes_read", "bytes read", offsetof(wg_cost, bytes_read)},
    {"bytes_written", "bytes written", offsetof(wg_cost, bytes_written)},
};

wg_cost wg_cost_add(wg_cost a, wg_cost b)
{
    return (wg_cost){a.add + b.add,
                     a.mul + b.mul,
                     a.div + b.div,
                     a.compare + b.compare,
                     a.transcendental + b.transcendental,
                     a.bytes_read + b.bytes_read,
                     a.bytes_written + b.bytes_written};
}

double wg_cost_operations(wg_cost cost)
{
    return cost.add + cost.mul + cost.div + cost.compare + cost.transcendental;
}

void wg_cost_sum_node(wg_cost_sum *sum, const wg_graph_node *node)
{
    const bool timed = node->nanoseconds >= 0;
    const wg_cost_sum one = {.cost = node->cost,
                             .nodes = node->nodes,
                             .unknown = node->unknown,
                             .bytes_saved = node->bytes_saved,
                             .bytes_allocated = node->bytes_allocated,
                             .allocations = node->allocations,
                             .timed = timed ? node->nodes : 0,
                             .nanoseconds = timed ? node->nanoseconds : 0};
    wg_cost_sum_add(sum, &one);
}

void wg_cost_sum_add(wg_cost_sum *sum, const wg_cost_sum *more)
{
    sum->cost = wg_cost_add(sum->cost, more->cost);
    sum->nodes += more->nodes;
    sum->unknown += more->unknown;
    sum->bytes_saved += more->bytes_saved;
    sum->bytes_allocated += more->bytes_allocated;
    sum->allocations += more->allocations;
    sum->timed += more->timed;
    sum->nanoseconds += more->nanoseconds;
}

void wg_cost_sum_inner(wg_cost_section *section, size_t n)
{
    for (size_t i = n; i-- > 1;)
        for (int part = 0; part < WG_COST_PARTS; part++)
            wg_cost_sum_add(&section[section[i].parent].sum[part], &section[i].sum[part]);
}

double wg_cost_gradient_ratio(const wg_cost_table *table, size_t section)
{
    if (!table || section >= table->n_sections || !table->backward_known)
        return (double)NAN;
    const wg_cost_sum *sum = table->section[section].sum, *forward = &sum[WG_COST_FORWARD], *backward = &sum[WG_COST_BACKWARD];
    const double operations = wg_cost_operations(forward->cost);
    if (operations == 0 || forward->unknown || backward->unknown)
        return (double)NAN;
    return (operations + wg_cost_operations(backward->cost)) / operations;
}

/* ---- the table ---- */

/* A table and the memory that it owns. */
struct table {
    wg_cost_table table; /* first */
    struct wg_arena arena;
    struct wg_array ops; /* wg_cost_op */
    struct wg_hash rows; /* of ops' names: positions in ops */
};

/* Adds a node to the sums of an op, a new row at its first node. */
static wg_status add_to_op(struct table *t, const char *op, const wg_graph_node *node)
{
    struct wg_hash_slot *slot = wg_hash_slot_by(&t->rows, &wg_by_text, NULL, op);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        WG_TRY(wg_array_reserve(&t->ops, 1, sizeof(wg_cost_op)));
        const char *name = wg_arena_text(&t->arena, op);
        if (!name)
            return WG_E_MEMORY;
        wg_hash_put(&t->rows, slot, name);
        slot->value.number = t->ops.n;
        *WG_NTH(t->ops, wg_cost_op, t->ops.n++) = (wg_cost_op){.op = name};
    }
    wg_cost_sum_node(&WG_NTH(t->ops, wg_cost_op, slot->value.number)->sum[node->part], node);
    return WG_OK;
}

/* Copies the sections, whose texts are in the table's arena. */
static wg_status finish(struct table *t, const wg_cost_section *section, size_t n, bool traced)
{
    wg_cost_section *copy = wg_arena_take(&t->arena, n * sizeof *copy);
    wg_cost_op *ops = wg_arena_take(&t->arena, t->ops.n * sizeof *ops);
    if (!copy || !ops)
        return WG_E_MEMORY;
    memcpy(copy, section, n * sizeof *copy);
    if (t->ops.n > 0)
        memcpy(ops, t->ops.at, t->ops.n * sizeof *ops);
    t->table = (wg_cost_table){.section = copy, .n_sections = n, .op = ops, .n_ops = t->ops.n, .backward_known = traced};
    return WG_OK;
}

static wg_cost_table *give(struct table *t, wg_status status)
{
    if (t) {
        wg_array_free(&t->ops);
        wg_hash_free(&t->rows);
    }
    if (status == WG_OK)
        return &t->table;
    wg_cost_destroy(t ? &t->table : NULL);
    return NULL;
}

static wg_status fill(struct table *t, struct wg_scan *scan)
{
    WG_TRY(wg_scan_begin(scan));
    for (const struct wg_node *node = scan->tape->first; node; node = wg_scan_next(scan, node)) {
        wg_graph_node counted;
        WG_TRY(wg_scan_node(scan, node, &counted));
        WG_TRY(add_to_op(t, wg_scan_forward(node)->call.op->name, &counted));
    }
    WG_TRY(wg_scan_sections(scan));
    return finish(t, scan->sections.at, scan->sections.n, scan->tape->trace);
}

wg_cost_table *wg_cost_of(const wg_tape *tape)
{
    WG_OPERATION("cost_of");
    if (!tape) {
        (void)wg_fail(WG_E_NULL, "cost_of", "cost_of: expected a tape, got NULL");
        return NULL;
    }
    if (wg_check_open(tape, "cost_of") != WG_OK)
        return NULL;
    struct table *t = wg_object_new(sizeof *t);
    struct wg_scan scan = {.tape = tape, .arena = t ? &t->arena : NULL};
    const wg_status status = t ? fill(t, &scan) : WG_E_MEMORY;
    wg_scan_end(&scan);
    return give(t, status);
}

/* A backward node whose cause is on another tape counts by its own op. */
static wg_status add_nodes(struct table *t, const wg_graph *graph)
{
    size_t *forward = wg_arena_take(&t->arena,
                                    graph->n_nodes * sizeof *forward); /* of each node: the first in its chain of causes */
    if (!forward)
        return WG_E_MEMORY;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const size_t cause = graph->node[i].cause;
        forward[i] = cause == WG_GRAPH_NONE ? i : forward[cause];
        WG_TRY(add_to_op(t, graph->node[forward[i]].op, &graph->node[i]));
    }
    return WG_OK;
}

static wg_status fill_from_graph(struct table *t, const wg_graph *graph)
{
    WG_TRY(add_nodes(t, graph));
    WG_TRY(finish(t, graph->section, graph->n_sections, graph->traced));
    wg_cost_section *section = (wg_cost_section *)(uintptr_t)t->table.section;
    for (size_t i = 0; i < graph->n_sections; i++) {
        section[i].path = wg_arena_text(&t->arena, section[i].path);
        section[i].name = wg_arena_text(&t->arena, section[i].name);
        section[i].kind = wg_arena_text(&t->arena, section[i].kind);
        if (!section[i].path || !section[i].name || !section[i].kind)
            return WG_E_MEMORY;
    }
    return WG_OK;
}

wg_cost_table *wg_graph_costs(const wg_graph *graph)
{
    WG_OPERATION("graph_costs");
    if (!graph) {
        (void)wg_fail(WG_E_NULL, "graph_costs", "graph_costs: expected a graph, got NULL");
        return NULL;
    }
    struct table *t = wg_object_new(sizeof *t);
    return give(t, t ? fill_from_graph(t, graph) : WG_E_MEMORY);
}

void wg_cost_destroy(wg_cost_table *table)
{
    struct table *t = (struct table *)(void *)table;
    if (!t)
        return;
    wg_arena_shrink(&t->arena, true);
    wg_object_free(t);
}
