/* wg_graph_changes_print: what differs between two graphs, as text. */
#include <string.h>

#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"

/* "f32 [2, 3], i64 [2]" */
static void print_results(const wg_graph *graph, const wg_graph_node *node, FILE *stream)
{
    char shape[200];
    for (size_t i = 0; i < node->n_out; i++) {
        const wg_graph_value *v = &graph->value[node->out[i]];
        fprintf(stream, "%s%s%s%s", i ? ", " : "", wg_dtype_name(v->dtype), v->shape.rank ? " " : "",
                v->shape.rank ? wg_shape_text(v->shape, shape, sizeof shape) : "");
    }
    if (node->n_out == 0)
        fputs("no result", stream);
}

static void print_operations(const wg_graph_node *node, FILE *stream)
{
    char number[64];
    wg_number_text(wg_cost_operations(node->cost), number, sizeof number);
    fprintf(stream, "%s", node->known ? number : "?");
}

/* "encoder/0 linear" */
static void print_name(const wg_graph *graph, const wg_graph_node *node, FILE *stream)
{
    char name[160];
    const char *path = graph->section[node->section].path;
    if (path[0])
        fprintf(stream, "%s ", wg_plain_text(path, name, sizeof name));
    fprintf(stream, "%s", wg_plain_text(node->op, name, sizeof name));
    if (node->options[0])
        fprintf(stream, "(%s)", wg_plain_text(node->options, name, sizeof name));
    if (node->part == WG_COST_BACKWARD)
        fputs(" (backward)", stream);
}

static void print_one(const wg_graph *graph, size_t at, char sign, FILE *stream)
{
    const wg_graph_node *node = &graph->node[at];
    fprintf(stream, "%c ", sign);
    print_name(graph, node, stream);
    fputs(": ", stream);
    print_results(graph, node, stream);
    fputs(", ", stream);
    print_operations(node, stream);
    fputs(" operations\n", stream);
}

/* The operations and the bytes, each if it changed; if neither did, the kinds of operations have. */
static void print_costs(const wg_graph_node *was, const wg_graph_node *is, FILE *stream)
{
    const double bytes[] = {was->cost.bytes_read + was->cost.bytes_written, is->cost.bytes_read + is->cost.bytes_written};
    const bool other = was->known != is->known || wg_cost_operations(was->cost) != wg_cost_operations(is->cost) ||
                       bytes[0] == bytes[1];
    char numbers[2][64];
    if (other) {
        print_operations(was, stream);
        fputs(" → ", stream);
        print_operations(is, stream);
        fputs(" operations", stream);
    }
    if (bytes[0] != bytes[1]) {
        wg_number_text(bytes[0], numbers[0], sizeof *numbers);
        wg_number_text(bytes[1], numbers[1], sizeof *numbers);
        fprintf(stream, "%s%s → %s bytes", other ? ", " : "", numbers[0], numbers[1]);
    }
}

static void print_changed(const wg_graph *before, const wg_graph *after, const wg_graph_change *change, FILE *stream)
{
    const wg_graph_node *was = &before->node[change->before], *is = &after->node[change->after];
    fputs("~ ", stream);
    print_name(before, was, stream);
    fputs(": ", stream);
    if (change->options) {
        fputs("now ", stream);
        print_name(after, is, stream);
        fputs(change->shape || change->cost ? ", " : "", stream);
    }
    if (change->shape) {
        print_results(before, was, stream);
        fputs(" → ", stream);
        print_results(after, is, stream);
        fputs(change->cost ? ", " : "", stream);
    }
    if (change->cost)
        print_costs(was, is, stream);
    fputc('\n', stream);
}

static void print_totals(const wg_graph *before, const wg_graph *after, FILE *stream)
{
    for (int part = 0; part < WG_COST_PARTS; part++) {
        const wg_cost_sum *was = &before->section[0].sum[part], *is = &after->section[0].sum[part];
        char numbers[2][64];
        if (was->nodes + is->nodes == 0)
            continue;
        wg_number_text(wg_cost_operations(was->cost), numbers[0], sizeof *numbers);
        wg_number_text(wg_cost_operations(is->cost), numbers[1], sizeof *numbers);
        fprintf(stream, "%s: %s%s → %s%s operations\n", wg_part_name[part], was->unknown ? "≥ " : "", numbers[0],
                is->unknown ? "≥ " : "", numbers[1]);
    }
}

wg_status wg_graph_changes_print(const wg_graph_changes *changes, const wg_graph *before, const wg_graph *after, FILE *stream)
{
    WG_OPERATION("graph_changes_print");
    size_t count[] = {[WG_GRAPH_ADDED] = 0, [WG_GRAPH_REMOVED] = 0, [WG_GRAPH_CHANGED] = 0};
    if (!changes || !before || !after || !stream)
        return wg_fail(WG_E_NULL, "graph_changes_print",
                       "graph_changes_print: expected changes, two graphs and a stream, got NULL");
    for (size_t i = 0; i < changes->n_changes; i++) {
        const wg_graph_change *change = &changes->change[i];
        count[change->kind]++;
        if (change->kind == WG_GRAPH_CHANGED)
            print_changed(before, after, change, stream);
        else if (change->kind == WG_GRAPH_ADDED)
            print_one(after, change->after, '+', stream);
        else
            print_one(before, change->before, '-', stream);
    }
    fprintf(stream, "nodes: %zu added, %zu removed, %zu changed, %zu the same\n", count[WG_GRAPH_ADDED], count[WG_GRAPH_REMOVED],
            count[WG_GRAPH_CHANGED], changes->n_same);
    print_totals(before, after, stream);
    return wg_flush(stream, "graph_changes_print");
}
