/* Counted costs of a tape as sums by section and by op. */
#include <math.h>
#include <string.h>

#include "debug/numbers.h"
#include "debug/scan.h"

/* ---- sums ---- */

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
                             .nodes = 1,
                             .unknown = !node->known,
                             .bytes_saved = node->bytes_saved,
                             .bytes_allocated = node->bytes_allocated,
                             .allocations = node->allocations,
                             .timed = timed,
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

/* ---- the table ---- */

/* A table and the text that it owns. */
struct table {
    wg_cost_table table; /* first */
    char *paths;         /* of the sections */
    struct wg_array ops; /* wg_cost_op; each name is a block of its own */
};

static char *copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = wg_object_new(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* The sums of an op, a new row at its first node. NULL: no memory. */
static wg_cost_op *row_of(struct table *t, struct wg_hash *rows, const struct wg_op *op)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(rows, op);
    if (!slot || (!slot->key && wg_array_reserve(&t->ops, 1, sizeof(wg_cost_op)) != WG_OK))
        return NULL;
    if (!slot->key) {
        char *name = copy_text(op->name);
        if (!name)
            return NULL;
        wg_hash_put(rows, slot, op);
        slot->value.number = t->ops.n;
        *WG_NTH(t->ops, wg_cost_op, t->ops.n++) = (wg_cost_op){.op = name};
    }
    return WG_NTH(t->ops, wg_cost_op, slot->value.number);
}

static wg_status fill(struct table *t, struct wg_scan *scan, struct wg_hash *rows)
{
    WG_TRY(wg_scan_begin(scan));
    for (const struct wg_node *node = scan->tape->first; node; node = node->next) {
        const struct wg_node *forward = node;
        wg_graph_node counted;
        while (forward->cause)
            forward = forward->cause;
        wg_cost_op *row = row_of(t, rows, forward->call.op);
        if (!row)
            return WG_E_MEMORY;
        WG_TRY(wg_scan_node(scan, node, &counted));
        wg_cost_sum_node(&row->sum[counted.part], &counted);
    }
    WG_TRY(wg_scan_sections(scan));
    t->table = (wg_cost_table){.section = scan->sections.at,
                               .n_sections = scan->sections.n,
                               .op = t->ops.at,
                               .n_ops = t->ops.n,
                               .backward_known = scan->tape->trace};
    t->paths = scan->paths;
    scan->sections = (struct wg_array){0};
    scan->paths = NULL;
    return WG_OK;
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
    struct wg_scan scan = {.tape = tape};
    struct wg_hash rows = {0};
    struct table *t = wg_object_new(sizeof *t);
    const wg_status status = t ? fill(t, &scan, &rows) : WG_E_MEMORY;
    wg_scan_end(&scan);
    wg_hash_free(&rows);
    if (status == WG_OK)
        return &t->table;
    wg_cost_destroy(t ? &t->table : NULL);
    return NULL;
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

void wg_cost_destroy(wg_cost_table *table)
{
    struct table *t = (struct table *)(void *)table;
    if (!t)
        return;
    for (size_t i = 0; i < t->ops.n; i++)
        wg_object_free((void *)(uintptr_t)WG_NTH(t->ops, wg_cost_op, i)->op);
    wg_array_free(&t->ops);
    wg_object_free((void *)(uintptr_t)t->table.section);
    wg_object_free(t->paths);
    wg_object_free(t);
}
