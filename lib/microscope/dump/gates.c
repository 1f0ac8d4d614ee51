/* wg_graph_write_gates: a small graph as lectures draw backprop: a gate for each op, values forward and gradients backward on its wires. */
#include <math.h>
#include <string.h>

#include "microscope/graph/graph_memory.h"
#include "microscope/graph/text.h"

struct gates {
    FILE *stream;
    const wg_graph *graph;
    size_t *readers; /* of each value: how often forward nodes read it */
    size_t *reader;  /* of each value: the first forward node that does, or WG_GRAPH_NONE */
    double largest;  /* norm of a gradient */
};

static const wg_graph_value *value_at(const struct gates *g, size_t value)
{
    return &g->graph->value[value];
}

/* The gradient that flows back from a node to its operand k: what its vjp gave; that of the operand if nobody else reads it. */
static const wg_graph_elements *gradient_to(const struct gates *g, const wg_graph_node *node, size_t k)
{
    if (node->gradient && node->gradient[k])
        return node->gradient[k];
    return g->readers[node->in[k]] == 1 ? value_at(g, node->in[k])->gradient_elements : NULL;
}

static const wg_graph_elements *gradient_of(const struct gates *g, const wg_graph_node *node)
{
    return node->n_out ? value_at(g, node->out[0])->gradient_elements : NULL;
}

/* A value that no forward node made: what the graph begins with. */
static bool is_leaf(const struct gates *g, size_t value)
{
    const size_t node = value_at(g, value)->node;
    return node == WG_GRAPH_NONE || g->graph->node[node].part != WG_COST_FORWARD;
}

/* A value that several operands read passes a copy gate: forward it copies, backward it adds. */
static bool is_copied(const struct gates *g, size_t value)
{
    return g->readers[value] > 1 && value_at(g, value)->requires_gradient;
}

static bool is_scalar(const wg_graph_value *v)
{
    bool scalar = true;
    for (int i = 0; i < v->shape.rank; i++)
        scalar = scalar && v->shape.extent[i] == 1;
    return scalar;
}

static bool is_zero(const wg_graph_elements *e)
{
    return e && e->norm == 0 && e->nan == 0;
}

static bool is_some(const wg_graph_elements *e)
{
    return e && !is_zero(e);
}

/* A router that a gradient reaches, and that passes nothing on. */
static bool is_dead(const struct gates *g, const wg_graph_node *node)
{
    bool any = false;
    if (node->gate != WG_GRAPH_ROUTE || !is_some(gradient_of(g, node)))
        return false;
    for (size_t k = 0; k < node->n_in; k++) {
        if (node->in[k] == WG_GRAPH_NONE || !value_at(g, node->in[k])->requires_gradient)
            continue;
        any = true;
        if (!is_zero(gradient_to(g, node, k)))
            return false;
    }
    return any;
}

/* ---- the first pass ---- */

static void note_norm(struct gates *g, const wg_graph_elements *e)
{
    if (e && isfinite(e->norm) && e->norm > g->largest)
        g->largest = e->norm;
}

static void survey(struct gates *g)
{
    for (size_t i = 0; i < g->graph->n_nodes; i++) {
        const wg_graph_node *node = &g->graph->node[i];
        for (size_t k = 0; k < node->n_in && node->part == WG_COST_FORWARD; k++)
            if (node->in[k] != WG_GRAPH_NONE && g->readers[node->in[k]]++ == 0)
                g->reader[node->in[k]] = i;
    }
    for (size_t i = 0; i < g->graph->n_nodes; i++)
        for (size_t k = 0; k < g->graph->node[i].n_in && g->graph->node[i].part == WG_COST_FORWARD; k++)
            if (g->graph->node[i].in[k] != WG_GRAPH_NONE)
                note_norm(g, gradient_to(g, &g->graph->node[i], k));
    for (size_t i = 0; i < g->graph->n_values; i++)
        note_norm(g, value_at(g, i)->gradient_elements);
}

/* ---- wires ---- */

/* The number of a scalar, the norm of anything else. */
static void write_number(const struct gates *g, const wg_graph_value *v, const wg_graph_elements *e)
{
    if (e->nan)
        fprintf(g->stream, "%lld NaN", (long long)e->nan);
    else if (is_scalar(v))
        fprintf(g->stream, "%.4g", e->mean + 0.0);
    else
        fprintf(g->stream, "‖%.3g‖", e->norm);
}

/* A wire that carries a value, and a gradient of its shape or none. */
static void write_wire(const struct gates *g, const char *from, const char *to, size_t value, const wg_graph_elements *gradient,
                       bool shared)
{
    enum { WIDEST = 5 };
    const wg_graph_value *v = value_at(g, value);
    char shape[200];
    const double width = is_some(gradient) && gradient->norm > 0 && isfinite(gradient->norm)
                             ? 1 + (WIDEST - 1) * gradient->norm / g->largest
                             : 1;
    fprintf(g->stream, "  %s -> %s [penwidth=%.2f, ", from, to, width);
    fputs(is_some(gradient)                  ? "color=\"#c0392b\""
          : v->requires_gradient && gradient ? "color=\"#999999\", style=dashed"
                                             : "color=\"#444444\"",
          g->stream);
    fputs(", label=<", g->stream);
    if (v->elements && !shared) {
        fputs("<FONT COLOR=\"#2e7d32\">", g->stream);
        write_number(g, v, v->elements);
        fputs("</FONT>", g->stream);
    }
    if (gradient) {
        fprintf(g->stream, "%s<FONT COLOR=\"%s\">", v->elements && !shared ? "<BR/>" : "",
                is_zero(gradient) ? "#777777" : "#c0392b");
        write_number(g, v, gradient);
        fputs("</FONT>", g->stream);
    } else if (v->requires_gradient) {
        fputs("<BR/>?", g->stream);
    }
    fprintf(g->stream, " >, tooltip=\"%s %s\"];\n", wg_dtype_name(v->dtype), wg_shape_text(v->shape, shape, sizeof shape));
}

/* Where a value comes from: its node, or a leaf. */
static const char *source_name(const struct gates *g, size_t value, char text[32])
{
    const bool leaf = is_leaf(g, value);
    snprintf(text, 32, leaf ? "l%zu" : "g%zu", leaf ? value : value_at(g, value)->node);
    return text;
}

static void write_wires(const struct gates *g, size_t at)
{
    const wg_graph_node *node = &g->graph->node[at];
    char from[32], to[32];
    snprintf(to, sizeof to, "g%zu", at);
    for (size_t k = 0; k < node->n_in; k++) {
        const size_t value = node->in[k];
        if (value == WG_GRAPH_NONE)
            continue;
        const bool shared = is_copied(g, value);
        if (shared)
            snprintf(from, sizeof from, "c%zu", value);
        write_wire(g, shared ? from : source_name(g, value, from), to, value, gradient_to(g, node, k), shared);
    }
}

/* ---- gates and leaves ---- */

/* A line below the name of a gate, unless it is empty. */
static void write_line(const struct gates *g, const char *text)
{
    if (!text[0])
        return;
    fputs("<BR/><FONT POINT-SIZE=\"9\">", g->stream);
    wg_markup_text(g->stream, text);
    fputs("</FONT>", g->stream);
}

static void write_gate(const struct gates *g, size_t at)
{
    static const struct {
        const char *symbol, *role, *color;
    } look[] = {
        [WG_GRAPH_OTHER] = {NULL, "", "color=\"#5b7db1\", fillcolor=\"#eef3fb\", shape=box, width=0, style=\"rounded,filled\""},
        [WG_GRAPH_ADD] = {"+", "distributor", "color=\"#3f8f5f\", fillcolor=\"#e4f3e9\""},
        [WG_GRAPH_MULTIPLY] = {"×", "swap multiplier", "color=\"#8a6fb5\", fillcolor=\"#f3eefa\""},
        [WG_GRAPH_ROUTE] = {NULL, "router", "color=\"#c58b4a\", fillcolor=\"#fdf3e7\""},
    };
    const wg_graph_node *node = &g->graph->node[at];
    const bool dead = is_dead(g, node);
    fprintf(g->stream, "  g%zu [%s, tooltip=\"", at, dead ? "color=\"#999999\", fillcolor=\"#dddddd\"" : look[node->gate].color);
    wg_markup_text(g->stream, node->op);
    fputs("\", label=<<B>", g->stream);
    wg_markup_text(g->stream, look[node->gate].symbol ? look[node->gate].symbol : node->op);
    fputs("</B>", g->stream);
    write_line(g, dead ? "dead" : look[node->gate].role);
    write_line(g, g->graph->section[node->section].path);
    fputs(">];\n", g->stream);
    for (size_t i = 0; i < node->n_out; i++) { /* what nobody reads is a result of the whole */
        char from[32], to[32];
        if (g->readers[node->out[i]] > 0)
            continue;
        snprintf(from, sizeof from, "g%zu", at);
        snprintf(to, sizeof to, "r%zu", node->out[i]);
        fprintf(g->stream, "  %s [shape=plaintext, style=\"\", width=0, label=<", to);
        wg_markup_text(g->stream, value_at(g, node->out[i])->name[0] ? value_at(g, node->out[i])->name : "result");
        fputs(">];\n", g->stream);
        write_wire(g, from, to, node->out[i], value_at(g, node->out[i])->gradient_elements, false);
    }
}

static void write_leaf(const struct gates *g, size_t value)
{
    const wg_graph_value *v = value_at(g, value);
    fprintf(g->stream, "  l%zu [shape=ellipse, width=0.6, %s, label=<", value,
            v->requires_gradient ? "color=\"#3f8f5f\", fillcolor=\"#e4f3e9\"" : "color=\"#999999\", fillcolor=\"#f6f6f6\"");
    wg_markup_text(g->stream, v->name[0] ? v->name : v->requires_gradient ? "parameter" : "constant");
    fputs(">];\n", g->stream);
}

static void write_copy(const struct gates *g, size_t value)
{
    char from[32], to[32];
    snprintf(to, sizeof to, "c%zu", value);
    fprintf(g->stream,
            "  %s [shape=diamond, width=0, color=\"#3f6f8f\", fillcolor=\"#e6f0f6\", label=<<B>copy</B><BR/><FONT "
            "POINT-SIZE=\"9\">adder</FONT>>];\n",
            to);
    write_wire(g, source_name(g, value, from), to, value, value_at(g, value)->gradient_elements, false);
}

/* ---- paths that carry no gradient ---- */

/* The gate that stops the gradient on the way to a value: a gradient reaches it, and none leaves it towards the value. */
static const wg_graph_node *blocker_of(const struct gates *g, size_t value)
{
    for (size_t steps = 0; steps < g->graph->n_nodes && g->reader[value] != WG_GRAPH_NONE; steps++) {
        const wg_graph_node *node = &g->graph->node[g->reader[value]];
        if (is_some(gradient_of(g, node)))
            return node;
        if (node->n_out == 0)
            break;
        value = node->out[0];
    }
    return NULL;
}

/* Lists the parameters that no gradient reaches, and the gates that stop it. */
static void write_dead_paths(const struct gates *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->graph->n_values; i++) {
        const wg_graph_value *v = value_at(g, i);
        if (v->node != WG_GRAPH_NONE || !v->requires_gradient || g->readers[i] == 0 || !is_zero(v->gradient_elements))
            continue;
        const wg_graph_node *blocker = blocker_of(g, i);
        fputs(n++ ? ", " : "<BR/><FONT COLOR=\"#777777\"><B>no gradient reaches</B>&#160;", g->stream);
        wg_markup_text(g->stream, v->name[0] ? v->name : "a parameter");
        if (blocker) {
            fputs(" (stopped by ", g->stream);
            wg_markup_text(g->stream, blocker->op);
            fputc(')', g->stream);
        }
    }
    if (n > 0)
        fputs("</FONT>", g->stream);
}

/* ---- the whole ---- */

/* What each kind of gate in the picture does. */
static void write_rules(const struct gates *g)
{
    enum { COPY = WG_GRAPH_ROUTE + 1, KINDS };
    static const char *const rule[KINDS] = {[WG_GRAPH_ADD] = "+ gives its gradient to every operand",
                                            [WG_GRAPH_MULTIPLY] = "× gives each operand the gradient times the other",
                                            [WG_GRAPH_ROUTE] = "a router gives its gradient to the operand that was chosen",
                                            [COPY] = "copy adds the gradients of its copies"};
    bool occurs[KINDS] = {false}, tensors = false;
    const char *before = "<BR/>";
    for (size_t i = 0; i < g->graph->n_nodes; i++)
        if (g->graph->node[i].part == WG_COST_FORWARD)
            occurs[g->graph->node[i].gate] = true;
    for (size_t i = 0; i < g->graph->n_values; i++) {
        occurs[COPY] = occurs[COPY] || is_copied(g, i);
        tensors = tensors || ((g->readers[i] > 0 || !is_leaf(g, i)) && !is_scalar(value_at(g, i)));
    }
    for (int kind = WG_GRAPH_ADD; kind < KINDS; kind++)
        if (occurs[kind]) {
            fprintf(g->stream, "%s%s", before, rule[kind]);
            before = " · ";
        }
    if (tensors)
        fputs("<BR/>‖…‖: the norm of a tensor of several elements", g->stream);
}

static void write_picture(const struct gates *g, const char *title)
{
    fputs(
        "digraph gates {\n"
        "  graph [rankdir=LR, nodesep=0.35, ranksep=0.55, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, labelloc=t,\n"
        "         fontcolor=\"#444444\"];\n"
        "  node [shape=circle, width=1.1, style=filled, fontname=\"Helvetica,Arial,sans-serif\", fontsize=13, margin=\"0.06,0.02\"];\n"
        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, arrowsize=0.6];\n  label=<",
        g->stream);
    if (title && title[0]) {
        fputs("<FONT POINT-SIZE=\"15\"><B>", g->stream);
        wg_markup_text(g->stream, title);
        fputs("</B></FONT><BR/>", g->stream);
    }
    fputs(
        "<FONT COLOR=\"#2e7d32\"><B>values</B></FONT>&#160;flow to the right,&#160;"
        "<FONT COLOR=\"#c0392b\"><B>gradients</B></FONT>&#160;to the left: the wider a wire, the larger its gradient; dashed: zero",
        g->stream);
    write_rules(g);
    write_dead_paths(g);
    fputs("<BR/> >;\n", g->stream);
    for (size_t i = 0; i < g->graph->n_values; i++) {
        if (g->readers[i] > 0 && is_leaf(g, i))
            write_leaf(g, i);
        if (is_copied(g, i))
            write_copy(g, i);
    }
    for (size_t i = 0; i < g->graph->n_nodes; i++)
        if (g->graph->node[i].part == WG_COST_FORWARD) {
            write_gate(g, i);
            write_wires(g, i);
        }
    fputs("}\n", g->stream);
}

wg_status wg_graph_write_gates_with(const wg_graph *graph, FILE *stream, wg_graph_gates_options options)
{
    WG_OPERATION("graph_write_gates");
    if (!graph || !stream)
        return wg_fail(WG_E_NULL, "graph_write_gates", "graph_write_gates: expected a %s, got NULL", graph ? "stream" : "graph");
    struct gates g = {.stream = stream, .graph = graph};
    g.readers = wg_object_new((graph->n_values + 1) * sizeof *g.readers);
    g.reader = wg_object_new((graph->n_values + 1) * sizeof *g.reader);
    wg_status status = g.readers && g.reader ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        for (size_t i = 0; i < graph->n_values; i++)
            g.reader[i] = WG_GRAPH_NONE;
        survey(&g);
        write_picture(&g, options.title);
        status = wg_flush(stream, "graph_write_gates");
    }
    wg_object_free(g.readers);
    wg_object_free(g.reader);
    return status;
}
