/* wg_graph_write_dot, wg_dump_dot: write a graph in Graphviz's DOT, with HTML-like labels.

   Forward runs down the page. Edges between backward nodes are written reversed (dir=back), so that gradients flow up the page,
   beside the forward nodes that caused them. */
#include <string.h>

#include "debug/dump_graph.h"
#include "debug/scan.h"
#include "debug/text.h"

/* ---- text ---- */

static const char *scaled(double n, const char *unit, char *text, size_t size)
{
    static const char *const prefix[] = {"", "k", "M", "G", "T", "P"};
    int i = 0;
    for (; n >= 999.5 && i < 5; i++)
        n /= 1000;
    snprintf(text, size, i ? "%.3g %s%s" : "%.0f %s%s", n, prefix[i], unit);
    return text;
}

static void write_cost(FILE *stream, const char *what, const wg_cost_sum *sum)
{
    const wg_cost cost = sum->cost;
    const double n[] = {WG_COST_FLOPS(cost), cost.transcendental, cost.compare, cost.bytes_read + cost.bytes_written};
    static const char *const unit[] = {"FLOP", "fn", "cmp", "B"};
    const char *before = what;
    char text[48];
    for (int i = 0; i < 4; i++)
        if (n[i] > 0) {
            fprintf(stream, "%s%s", before, scaled(n[i], unit[i], text, sizeof text));
            before = " · ";
        }
    if (sum->unknown && sum->nodes == 1)
        fprintf(stream, "%sunknown", before);
    else if (sum->unknown)
        fprintf(stream, "%s%zu unknown", before, sum->unknown);
    else if (before == what)
        fprintf(stream, "%s0 FLOP", what);
}

/* The smallest and the largest element, and how many are NaN. */
static void write_range(const struct wg_dump_graph *p, const wg_graph_elements *elements)
{
    if (!p->options.values || !elements)
        return;
    if (elements->min == elements->max)
        fprintf(p->stream, "<BR/>= %.4g", elements->min);
    else if (elements->min < elements->max)
        fprintf(p->stream, "<BR/>%.3g … %.3g", elements->min, elements->max);
    if (elements->nan)
        fprintf(p->stream, "<BR/><FONT COLOR=\"#c0392b\"><B>%lld NaN</B></FONT>", (long long)elements->nan);
}

static void write_value(const struct wg_dump_graph *p, const wg_graph_value *v, const char *number)
{
    char shape[200];
    fprintf(p->stream, "<BR/>%s%s", number, wg_dtype_name(v->dtype));
    if (v->shape.rank > 0)
        fprintf(p->stream, " %s", wg_shape_text(v->shape, shape, sizeof shape));
    write_range(p, v->elements);
}

/* ---- the second pass: writing ---- */

static void indent(const struct wg_dump_graph *p, size_t depth)
{
    fprintf(p->stream, "%*s", (int)(2 * (depth + 1)), "");
}

static void write_node(const struct wg_dump_graph *p, size_t at, size_t depth)
{
    static const char *const colors[WG_COST_PARTS] = {"color=\"#5b7db1\", fillcolor=\"#eef3fb\"",
                                                      "color=\"#c58b4a\", fillcolor=\"#fdf3e7\"",
                                                      "color=\"#8a6fb5\", fillcolor=\"#f3eefa\""};
    const struct wg_item *item = &p->items[at];
    const wg_graph_node *node = item->node;
    indent(p, depth);
    fprintf(p->stream, "n%zu [%s, label=<<B>", at, colors[node->part]);
    wg_markup_text(p->stream, node->op);
    fputs("</B>", p->stream);
    for (size_t i = 0; i < node->n_out; i++) {
        const wg_graph_value *result = &p->graph->value[node->out[i]];
        char number[24] = "";
        if (node->n_out > 1)
            snprintf(number, sizeof number, "%zu: ", i);
        if (result->name[0]) {
            fputs("<BR/><I>", p->stream);
            wg_markup_text(p->stream, result->name);
            fputs("</I>", p->stream);
        }
        write_value(p, result, number);
    }
    fputs("<BR/><FONT POINT-SIZE=\"8\" COLOR=\"#666666\">", p->stream);
    write_cost(p->stream, node->part == WG_COST_FORWARD ? "forward " : "", &item->cost);
    if (item->backward.nodes && p->graph->traced) {
        fputs("<BR/>", p->stream);
        write_cost(p->stream, "backward ", &item->backward);
    }
    fputs("</FONT>>];\n", p->stream);
}

/* The op that made a leaf: a node that is hidden, or one on another tape. NULL: a leaf in the graph's sense. */
static const char *leaf_op(const struct wg_dump_graph *p, const wg_graph_value *v)
{
    return v->origin == WG_GRAPH_RESULT ? p->graph->node[v->node].op : v->outer[0] ? v->outer : NULL;
}

/* Writes a leaf: a tensor that requires a gradient, another tensor of the caller's, a constant, or the result of a node that is
   hidden or on another tape. */
static void write_leaf(const struct wg_dump_graph *p, size_t at, size_t depth)
{
    const wg_graph_value *v = p->items[at].leaf;
    const char *op = leaf_op(p, v);
    const bool trained = v->requires_gradient && !op;
    indent(p, depth);
    fprintf(p->stream, "l%zu [shape=ellipse, %s, label=<", at - p->graph->n_nodes,
            trained ? "color=\"#3f8f5f\", fillcolor=\"#e4f3e9\"" : "color=\"#999999\", fillcolor=\"#f6f6f6\"");
    fputs(v->name[0] ? "<B>" : "<I>", p->stream);
    wg_markup_text(p->stream, v->name[0] ? v->name : op ? op : trained ? "parameter" : "constant");
    fputs(v->name[0] ? "</B>" : "</I>", p->stream);
    write_value(p, v, "");
    fputs(">];\n", p->stream);
}

static void write_items(const struct wg_dump_graph *p, ptrdiff_t cluster, size_t depth)
{
    for (ptrdiff_t i = p->clusters[cluster].first_item; i != WG_NO_ITEM; i = p->items[i].next)
        if (p->items[i].node)
            write_node(p, (size_t)i, depth);
        else
            write_leaf(p, (size_t)i, depth);
}

/* "3 batch_norm"; a name that is its kind stands once. */
static void write_section_label(const struct wg_dump_graph *p, const wg_cost_section *section)
{
    fputs("label=<<B>", p->stream);
    wg_markup_text(p->stream, section->name);
    fputs("</B>", p->stream);
    if (section->kind[0] && strcmp(section->kind, section->name) != 0) {
        fputc(' ', p->stream);
        wg_markup_text(p->stream, section->kind);
    }
    fputs(">;\n", p->stream);
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
            indent(p, depth - 1);
            fputs("}\n", p->stream);
            to = p->clusters[at].next;
            at = p->clusters[at].parent;
            depth -= to == WG_NO_ITEM;
        }
        if (to == WG_NO_ITEM)
            return;
        at = to;
        indent(p, depth - 1);
        fprintf(p->stream, "subgraph cluster_%td {\n", at);
        indent(p, depth);
        write_section_label(p, p->clusters[at].section);
        write_items(p, at, depth);
    }
}

static const char *item_name(const struct wg_dump_graph *p, ptrdiff_t at, char text[32])
{
    const bool node = wg_dump_graph_is_node(p, at);
    snprintf(text, 32, "%c%zu", node ? 'n' : 'l', node ? (size_t)at : (size_t)at - p->graph->n_nodes);
    return text;
}

static bool is_written(const wg_graph_node *node, size_t value)
{
    bool written = false;
    for (size_t i = 0; i < node->n_writes; i++)
        written = written || node->writes[i] == value;
    return written;
}

static void write_edge(const struct wg_dump_graph *p, size_t to, size_t value)
{
    const ptrdiff_t from = wg_dump_graph_source(p, value);
    const struct wg_item *source = &p->items[from];
    const wg_graph_node *node = p->items[to].node;
    const bool backward = node->part == WG_COST_BACKWARD,
               up = backward && (source->node ? source->node->part == WG_COST_BACKWARD : source->late);
    char name[32];
    item_name(p, from, name);
    if (up)
        fprintf(p->stream, "  n%zu -> %s [dir=back, color=\"#c58b4a\"", to, name);
    else
        fprintf(p->stream, "  %s -> n%zu [%s", name, to,
                is_written(node, value)                        ? "dir=both, color=\"#8a6fb5\""
                : backward                                     ? "weight=0, minlen=0, color=\"#dccbb3\""
                : source->node && node->part != WG_COST_UPDATE ? "weight=8, color=\"#555555\"" /* keeps the forward path straight */
                                                               : "color=\"#555555\"");
    if (source->node && source->node->n_out > 1)
        fprintf(p->stream, ", %s=\"%zu\"", up ? "headlabel" : "taillabel", p->graph->value[value].slot);
    fputs("];\n", p->stream);
}

/* Writes invisible edges that keep sections in order down the page. If a forward node reads the result of another section, and
   leaves that no earlier node reads, then the edges put that result above these leaves. */
static void write_order(const struct wg_dump_graph *p, size_t at)
{
    const struct wg_item *item = &p->items[at];
    const wg_graph_node *node = item->node;
    ptrdiff_t above = WG_NO_ITEM;
    for (size_t i = 0; i < node->n_in && node->part != WG_COST_BACKWARD; i++) {
        const ptrdiff_t from = node->in[i] == WG_GRAPH_NONE ? WG_NO_ITEM : wg_dump_graph_source(p, node->in[i]);
        if (wg_dump_graph_is_node(p, from) && p->items[from].cluster != item->cluster)
            above = from;
    }
    for (size_t i = 0; i < node->n_in && above != WG_NO_ITEM; i++) {
        const ptrdiff_t leaf = node->in[i] == WG_GRAPH_NONE ? WG_NO_ITEM : wg_dump_graph_source(p, node->in[i]);
        char name[32];
        if (leaf != WG_NO_ITEM && !wg_dump_graph_is_node(p, leaf) && p->items[leaf].reader == (ptrdiff_t)at)
            fprintf(p->stream, "  n%td -> %s [style=invis];\n", above, item_name(p, leaf, name));
    }
}

/* Writes an edge from the node that made a leaf's gradient to the leaf. */
static void write_gradient_edge(const struct wg_dump_graph *p, size_t at)
{
    const wg_graph_value *v = p->items[at].leaf;
    const ptrdiff_t maker = v->gradient != WG_GRAPH_NONE ? wg_dump_graph_maker(p, v->gradient) : WG_NO_ITEM;
    char name[32];
    if (maker != WG_NO_ITEM && !leaf_op(p, v))
        fprintf(p->stream,
                "  n%td -> %s [constraint=false, arrowhead=vee, label=\"gradient\", color=\"#3f8f5f\", fontcolor=\"#3f8f5f\"];\n",
                maker, item_name(p, (ptrdiff_t)at, name));
}

static void write_edges(const struct wg_dump_graph *p)
{
    for (size_t i = 0; i < p->graph->n_nodes; i++) {
        const struct wg_item *item = &p->items[i];
        if (item->hidden)
            continue;
        for (size_t k = 0; k < item->node->n_in; k++)
            if (item->node->in[k] != WG_GRAPH_NONE)
                write_edge(p, i, item->node->in[k]);
        write_order(p, i);
        const size_t cause = item->node->cause;
        if (cause != WG_GRAPH_NONE && !p->items[cause].hidden)
            fprintf(p->stream, "  n%zu -> n%zu [style=dashed, arrowhead=open, minlen=0, color=\"#b9b9b9\"];\n", cause, i);
    }
    for (size_t i = p->graph->n_nodes; i < p->n_items; i++)
        write_gradient_edge(p, i);
}

static void write_picture(const struct wg_dump_graph *p)
{
    FILE *stream = p->stream;
    const wg_cost_sum *total = p->graph->section[0].sum;
    fputs(
        "digraph tape {\n"
        "  graph [rankdir=TB, nodesep=0.3, ranksep=0.4, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, labelloc=t, color=\"#cccccc\",\n"
        "         style=rounded, fontcolor=\"#444444\"];\n"
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica,Arial,sans-serif\", fontsize=10, margin=\"0.12,0.08\", height=0.3];\n"
        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=8, arrowsize=0.6];\n  label=<",
        stream);
    if (p->options.title && p->options.title[0]) {
        fputs("<FONT POINT-SIZE=\"15\"><B>", stream);
        wg_markup_text(stream, p->options.title);
        fputs("</B></FONT><BR/>", stream);
    }
    fprintf(stream, "%zu nodes · ", p->graph->n_nodes);
    write_cost(stream, "forward ", &total[WG_COST_FORWARD]);
    if (p->graph->traced) {
        fputs(" · ", stream);
        write_cost(stream, "backward ", &total[WG_COST_BACKWARD]);
    }
    if (total[WG_COST_UPDATE].nodes) {
        fputs(" · ", stream);
        write_cost(stream, "updates ", &total[WG_COST_UPDATE]);
    }
    fputs("<BR/><FONT POINT-SIZE=\"8\"><FONT COLOR=\"#5b7db1\"><B>forward</B></FONT>", stream);
    if (total[WG_COST_BACKWARD].nodes && p->options.backward)
        fputs(" · <FONT COLOR=\"#c58b4a\"><B>backward</B></FONT>, dashed from the node that caused it", stream);
    if (total[WG_COST_UPDATE].nodes)
        fputs(" · <FONT COLOR=\"#8a6fb5\"><B>update</B></FONT>", stream);
    fputs(" · <FONT COLOR=\"#3f8f5f\"><B>requires a gradient</B></FONT>"
          " · constant<BR/>"
          "FLOP: additions, multiplications, divisions · fn: exp, log, tanh, √ … · cmp: comparisons · "
          "B: bytes read and written"
          "</FONT><BR/> >;\n",
          stream);
    write_places(p);
    write_edges(p);
    fputs("}\n", stream);
}

static wg_status write_graph(const wg_graph *graph, FILE *stream, wg_graph_dot_options options, const char *op)
{
    struct wg_dump_graph p = {.stream = stream, .graph = graph, .options = options};
    wg_status status = wg_dump_graph_begin(&p);
    if (status == WG_OK) {
        write_picture(&p);
        if (fflush(stream) != 0 || ferror(stream))
            status = wg_fail(WG_E_IO, op, "%s: the stream could not be written", op);
    }
    wg_dump_graph_end(&p);
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
