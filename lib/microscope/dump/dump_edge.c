/* The edges of a picture in DOT. */
#include "microscope/dump/dump_graph.h"

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

/* The look of an edge that flows down the page. */
static const char *style_of(const struct wg_item *source, const wg_graph_node *node, size_t value)
{
    if (is_written(node, value))
        return "dir=both, color=\"#8a6fb5\"";
    if (node->part == WG_COST_BACKWARD)
        return "weight=0, minlen=0, color=\"#dccbb3\"";
    if (source->node && node->part != WG_COST_UPDATE)
        return "weight=8, color=\"#555555\""; /* keeps the forward path straight */
    return "color=\"#555555\"";
}

/* n: how many values the edge stands for. */
static void write_edge(const struct wg_dump_graph *p, size_t to, size_t value, size_t n)
{
    const ptrdiff_t from = wg_dump_graph_source(p, value);
    const struct wg_item *source = &p->items[from];
    const wg_graph_node *node = p->items[to].node;
    const bool backward = node->part == WG_COST_BACKWARD,
               up = backward && (source->node ? source->node->part == WG_COST_BACKWARD : source->late),
               around = wg_dump_graph_is_node(p, from) && (size_t)from >= to;
    char name[32], shape[200];
    item_name(p, from, name);
    if (around)
        fprintf(p->stream, "  %s -> n%zu [constraint=false, penwidth=2, color=\"%s\"", name, to, backward ? "#c58b4a" : "#5b7db1");
    else if (up)
        fprintf(p->stream, "  n%zu -> %s [dir=back, color=\"#c58b4a\"", to, name);
    else
        fprintf(p->stream, "  %s -> n%zu [%s", name, to, style_of(source, node, value));
    if (source->node && source->node->n_out > 1 && n == 1 && !source->node->box)
        fprintf(p->stream, ", %s=\"%zu\"", up ? "headlabel" : "taillabel", p->graph->value[value].slot);
    if (n > 1)
        fprintf(p->stream, ", label=\"%zu\", tooltip=\"%zu tensors\"", n, n);
    else
        fprintf(p->stream, ", tooltip=\"%s %s%s\"", wg_dtype_name(p->graph->value[value].dtype),
                wg_shape_text(p->graph->value[value].shape, shape, sizeof shape), around ? ", for the next repetition" : "");
    fputs("];\n", p->stream);
}

/* Edges between two boxes, or a box and a node, are one. */
static void write_inputs(const struct wg_dump_graph *p, size_t to)
{
    const wg_graph_node *node = p->items[to].node;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < node->n_in; i++) {
            if (node->in[i] == WG_GRAPH_NONE)
                continue;
            const ptrdiff_t from = wg_dump_graph_source(p, node->in[i]);
            if (wg_dump_graph_is_left_out(p, from, node))
                continue;
            struct wg_edge_count *count = &p->edges[from];
            const bool one = node->box || (p->items[from].node && p->items[from].node->box);
            if (!one && pass == 1)
                write_edge(p, to, node->in[i], 1);
            if (!one)
                continue;
            if (pass == 0)
                *count = (struct wg_edge_count){to + 1, count->reader == to + 1 ? count->n + 1 : 1};
            else if (count->n > 0)
                write_edge(p, to, node->in[i], count->n);
            if (pass == 1)
                count->n = 0;
        }
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

/* Puts a box of updates below the forward nodes before it. */
static void write_below(const struct wg_dump_graph *p, size_t at)
{
    for (size_t i = wg_dump_graph_is_update_box(p->items[at].node) ? at : 0; i-- > 0;)
        if (!p->items[i].hidden && p->items[i].node->part == WG_COST_FORWARD) {
            fprintf(p->stream, "  n%zu -> n%zu [style=invis];\n", i, at);
            return;
        }
}

/* Writes an edge from the node that made a leaf's gradient to the leaf. */
static void write_gradient_edge(const struct wg_dump_graph *p, size_t at)
{
    const wg_graph_value *v = p->items[at].leaf;
    const ptrdiff_t maker = v->gradient != WG_GRAPH_NONE ? wg_dump_graph_maker(p, v->gradient) : WG_NO_ITEM;
    char name[32];
    if (maker != WG_NO_ITEM && !wg_dump_graph_leaf_op(p, v))
        fprintf(p->stream,
                "  n%td -> %s [constraint=false, arrowhead=vee, label=\"gradient\", color=\"#3f8f5f\", fontcolor=\"#3f8f5f\"];\n",
                maker, item_name(p, (ptrdiff_t)at, name));
}

void wg_dump_edges(const struct wg_dump_graph *p)
{
    for (size_t i = 0; i < p->graph->n_nodes; i++) {
        const struct wg_item *item = &p->items[i];
        if (item->hidden)
            continue;
        write_inputs(p, i);
        write_order(p, i);
        write_below(p, i);
        const size_t cause = item->node->cause;
        if (cause != WG_GRAPH_NONE && !p->items[cause].hidden)
            fprintf(p->stream, "  n%zu -> n%zu [style=dashed, arrowhead=open, minlen=0, color=\"#b9b9b9\"];\n", cause, i);
    }
    for (size_t i = p->graph->n_nodes; i < p->n_items; i++)
        write_gradient_edge(p, i);
}
