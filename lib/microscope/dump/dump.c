/* wg_graph_write_dot, wg_dump_dot: write a graph in Graphviz's DOT, with HTML-like labels.

   Forward runs down the page. Edges between backward nodes are written reversed (dir=back), so that gradients flow up the page,
   beside the forward nodes that caused them. */
#include "microscope/dump/dump_graph.h"
#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"

static void write_items(const struct wg_dump_graph *p, ptrdiff_t cluster, size_t depth)
{
    for (ptrdiff_t i = p->clusters[cluster].first_item; i != WG_NO_ITEM; i = p->items[i].next)
        if (p->items[i].node)
            wg_dump_node(p, (size_t)i, depth);
        else
            wg_dump_leaf(p, (size_t)i, depth);
}

/* Writes the sections as nested clusters, in depth-first order: first child, else next sibling, else the parent's next sibling. */
static void write_places(const struct wg_dump_graph *p)
{
    ptrdiff_t at = 0;
    size_t depth = 0;
    write_items(p, at, depth);
    for (;;) {
        ptrdiff_t to = p->clusters[at].first_child;
        depth += to != WG_NO_ITEM;
        while (to == WG_NO_ITEM && at > 0) {
            wg_dump_indent(p, depth - 1);
            fputs("}\n", p->stream);
            to = p->clusters[at].next;
            at = p->clusters[at].parent;
            depth -= to == WG_NO_ITEM;
        }
        if (to == WG_NO_ITEM)
            return;
        at = to;
        wg_dump_indent(p, depth - 1);
        fprintf(p->stream, "subgraph cluster_%td {\n", at);
        wg_dump_indent(p, depth);
        wg_dump_section(p, p->clusters[at].section);
        write_items(p, at, depth);
    }
}

static size_t n_drawn(const struct wg_dump_graph *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->graph->n_nodes; i++)
        n += !p->items[i].hidden;
    return n;
}

static void write_picture(const struct wg_dump_graph *p)
{
    FILE *stream = p->stream;
    const wg_cost_sum *total = p->graph->section[0].sum;
    fputs(
        "digraph tape {\n"
        "  graph [rankdir=TB, nodesep=0.25, ranksep=0.4, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, labelloc=t, color=\"#cccccc\",\n"
        "         style=rounded, fontcolor=\"#444444\"];\n"
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica,Arial,sans-serif\", fontsize=10, margin=\"0.12,0.08\", height=0.3];\n"
        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=8, arrowsize=0.6];\n  label=<",
        stream);
    if (p->options.title && p->options.title[0]) {
        fputs("<FONT POINT-SIZE=\"15\"><B>", stream);
        wg_markup_text(stream, p->options.title);
        fputs("</B></FONT><BR/>", stream);
    }
    const size_t nodes = total[WG_COST_FORWARD].nodes + total[WG_COST_BACKWARD].nodes + total[WG_COST_UPDATE].nodes;
    fprintf(stream, "%zu nodes", nodes);
    if (nodes != p->graph->n_nodes)
        fprintf(stream, ", drawn as %zu", n_drawn(p));
    fputs(" · ", stream);
    wg_dump_cost(stream, "forward ", &total[WG_COST_FORWARD]);
    if (p->graph->traced) {
        fputs(" · ", stream);
        wg_dump_cost(stream, "backward ", &total[WG_COST_BACKWARD]);
    }
    if (total[WG_COST_UPDATE].nodes) {
        fputs(" · ", stream);
        wg_dump_cost(stream, "updates ", &total[WG_COST_UPDATE]);
    }
    fputs("<BR/><FONT POINT-SIZE=\"8\"><FONT COLOR=\"#5b7db1\"><B>forward</B></FONT>", stream);
    if (total[WG_COST_BACKWARD].nodes && p->options.backward)
        fputs("&#160;·&#160;<FONT COLOR=\"#c58b4a\"><B>backward</B></FONT>, dashed from the node that caused it", stream);
    if (total[WG_COST_UPDATE].nodes && p->options.updates)
        fprintf(stream, "&#160;·&#160;<FONT COLOR=\"#8a6fb5\"><B>update</B></FONT>%s",
                p->any_updated ? ", violet border: changed by the updates" : "");
    fputs("&#160;·&#160;<FONT COLOR=\"#3f8f5f\"><B>requires a gradient</B></FONT>&#160;· constant", stream);
    if (nodes != p->graph->n_nodes)
        fputs(" · thick box: a section that is closed · thick arrow: to the next repetition", stream);
    fputs("<BR/>"
          "operations: additions, multiplications, divisions, comparisons, calls of exp, log, tanh, √ … · B: bytes read and written"
          "</FONT><BR/> >;\n",
          stream);
    write_places(p);
    wg_dump_edges(p);
    fputs("}\n", stream);
}

static wg_status write_graph(const wg_graph *graph, FILE *stream, wg_graph_dot_options options, const char *op)
{
    wg_graph *smaller = NULL;
    if (options.fold || options.depth >= 0) {
        smaller = wg_graph_collapse(graph, .fold = options.fold, .depth = options.depth);
        if (!smaller)
            return WG_E_MEMORY;
    }
    struct wg_dump_graph p = {.stream = stream, .graph = smaller ? smaller : graph, .options = options};
    wg_status status = wg_dump_graph_begin(&p);
    if (status == WG_OK) {
        write_picture(&p);
        status = wg_flush(stream, op);
    }
    wg_dump_graph_end(&p);
    wg_graph_destroy(smaller);
    return status;
}

wg_status wg_graph_write_dot_with(const wg_graph *graph, FILE *stream, wg_graph_dot_options options)
{
    WG_OPERATION("graph_write_dot");
    if (!graph || !stream)
        return wg_fail(WG_E_NULL, "graph_write_dot", "graph_write_dot: the %s is NULL", graph ? "stream" : "graph");
    return write_graph(graph, stream, options, "graph_write_dot");
}

wg_status wg_dump_dot_with(const wg_tape *tape, FILE *stream, wg_dump_dot_options options)
{
    WG_OPERATION("dump_dot");
    if (!tape || !stream)
        return wg_fail(WG_E_NULL, "dump_dot", "dump_dot: the %s is NULL", tape ? "stream" : "tape");
    WG_TRY(wg_check_open(tape, "dump_dot"));
    wg_graph *graph = wg_graph_of(tape, .values = options.values);
    if (!graph)
        return WG_E_MEMORY;
    const wg_status status = write_graph(graph, stream, options, "dump_dot");
    wg_graph_destroy(graph);
    return status;
}
