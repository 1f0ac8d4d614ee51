/* The boxes, ellipses and frames of a picture in DOT: their labels and tooltips. */
#include <string.h>

#include "microscope/dump/dump_graph.h"
#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"

/* ---- text ---- */

/* "528 k operations", "57.9 kB". */
static const char *scaled(double n, const char *unit, char *text, size_t size)
{
    static const char *const prefix[] = {"", "k", "M", "G", "T", "P"};
    int i = 0;
    for (; n >= 999.5 && i < 5; i++)
        n /= 1000;
    if (i == 0)
        snprintf(text, size, "%.0f %s", n, unit);
    else
        snprintf(text, size, "%.3g %s%s%s", n, prefix[i], strcmp(unit, "B") == 0 ? "" : " ", unit);
    return text;
}

void wg_dump_cost(FILE *stream, const char *what, const wg_cost_sum *sum)
{
    const wg_cost cost = sum->cost;
    const double operations = wg_cost_operations(cost), bytes = cost.bytes_read + cost.bytes_written;
    const char *before = what;
    char text[48];
    if (operations > 0) {
        fprintf(stream, "%s%s", before, scaled(operations, operations == 1 ? "operation" : "operations", text, sizeof text));
        before = " · ";
    }
    if (bytes > 0) {
        fprintf(stream, "%s%s", before, scaled(bytes, "B", text, sizeof text));
        before = " · ";
    }
    if (sum->unknown && sum->nodes == 1)
        fprintf(stream, "%sunknown", before);
    else if (sum->unknown)
        fprintf(stream, "%s%zu unknown", before, sum->unknown);
    else if (before == what)
        fprintf(stream, "%s0 operations", what);
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

/* ---- boxes and ellipses ---- */

void wg_dump_indent(const struct wg_dump_graph *p, size_t depth)
{
    fprintf(p->stream, "%*s", (int)(2 * (depth + 1)), "");
}

/* What hovering over a box shows: where it stands, its calls, and each kind of operation. */
static void write_tooltip(const struct wg_dump_graph *p, const struct wg_item *item)
{
    const wg_graph_node *node = item->node;
    const wg_cost_section *section = &p->graph->section[node->section];
    fputs(", tooltip=\"", p->stream);
    if (section->path[0])
        wg_markup_text(p->stream, section->path), fputs(": ", p->stream);
    wg_markup_text(p->stream, node->op);
    if (node->options[0])
        fputc(' ', p->stream), wg_markup_text(p->stream, node->options);
    if (node->nodes > 1)
        fprintf(p->stream, "\\n%zu nodes", node->nodes);
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        if (wg_cost_number(node->cost, i) > 0)
            fprintf(p->stream, "\\n%.0f %s", wg_cost_number(node->cost, i), wg_cost_member[i].title);
    if (node->bytes_saved > 0)
        fprintf(p->stream, "\\n%.0f bytes saved for backward", node->bytes_saved);
    if (node->unknown)
        fprintf(p->stream, "\\ncost not known of %zu", node->unknown);
    fputc('"', p->stream);
}

/* "3 batch_norm": the name, and the kind unless it is the name. Of repetitions "12 × block (0 … 11)". */
static void write_section_name(FILE *stream, const wg_cost_section *section)
{
    const bool kind = section->kind[0] && strcmp(section->kind, section->name) != 0, several = section->times > 1;
    if (several && !kind && strcmp(section->kind, "repeat") == 0) {
        fprintf(stream, "<B>repeated %zu times</B>", section->times);
        return;
    }
    fputs("<B>", stream);
    if (several)
        fprintf(stream, "%zu × ", section->times);
    wg_markup_text(stream, several && kind ? section->kind : section->name);
    if (kind) {
        fputs(several ? " (" : " ", stream);
        wg_markup_text(stream, several ? section->name : section->kind);
        fputs(several ? ")" : "", stream);
    }
    fputs("</B>", stream);
}

/* The results of a node. Of a box: the first few that are passed on, without those that are kept for backward alone. */
static void write_results(const struct wg_dump_graph *p, const wg_graph_node *node)
{
    enum { SHOWN = 3 };
    size_t shown = 0;
    for (size_t i = 0; i < node->n_out && shown < (node->box ? SHOWN : node->n_out); i++) {
        const wg_graph_value *result = &p->graph->value[node->out[i]];
        char number[24] = "";
        if (node->box && !p->passed[node->out[i]])
            continue;
        shown++;
        if (node->n_out > 1 && !node->box)
            snprintf(number, sizeof number, "%zu: ", i);
        if (result->name[0]) {
            fputs("<BR/><I>", p->stream);
            wg_markup_text(p->stream, result->name);
            fputs("</I>", p->stream);
        }
        write_value(p, result, number);
    }
}

void wg_dump_node(const struct wg_dump_graph *p, size_t at, size_t depth)
{
    static const char *const colors[WG_COST_PARTS] = {"color=\"#5b7db1\", fillcolor=\"#eef3fb\"",
                                                      "color=\"#c58b4a\", fillcolor=\"#fdf3e7\"",
                                                      "color=\"#8a6fb5\", fillcolor=\"#f3eefa\""};
    const struct wg_item *item = &p->items[at];
    const wg_graph_node *node = item->node;
    wg_dump_indent(p, depth);
    fprintf(p->stream, "n%zu [%s", at, colors[node->part]);
    if (node->box)
        fputs(", penwidth=2", p->stream);
    write_tooltip(p, item);
    fputs(", label=<", p->stream);
    if (node->box) {
        write_section_name(p->stream, &p->graph->section[node->section]);
        fprintf(p->stream, "<BR/>%zu node%s", node->nodes, node->nodes == 1 ? "" : "s");
        if (node->part == WG_COST_UPDATE && node->n_writes)
            fprintf(p->stream, "<BR/>change%s %zu tensor%s", node->nodes == 1 ? "s" : "", node->n_writes,
                    node->n_writes == 1 ? "" : "s");
    } else {
        fputs("<B>", p->stream);
        wg_markup_text(p->stream, node->op);
        fputs("</B>", p->stream);
    }
    write_results(p, node);
    fputs("<BR/><FONT POINT-SIZE=\"8\" COLOR=\"#666666\">", p->stream);
    wg_dump_cost(p->stream, node->part == WG_COST_FORWARD ? "forward " : "", &item->cost);
    if (item->backward.nodes && p->graph->traced) {
        fputs("<BR/>", p->stream);
        wg_dump_cost(p->stream, "backward ", &item->backward);
    }
    fputs("</FONT>>];\n", p->stream);
}

/* Writes a leaf: a tensor that requires a gradient, another tensor of the caller's, a constant, or the result of a node that is
   hidden or on another tape. */
void wg_dump_leaf(const struct wg_dump_graph *p, size_t at, size_t depth)
{
    const wg_graph_value *v = p->items[at].leaf;
    const char *op = wg_dump_graph_leaf_op(p, v);
    const bool trained = v->requires_gradient && !op;
    const char *label = v->name[0] ? v->name : op ? op : trained ? "parameter" : "constant";
    wg_dump_indent(p, depth);
    fprintf(p->stream, "l%zu [shape=ellipse, color=\"%s\", fillcolor=\"%s\"%s, tooltip=\"", at - p->graph->n_nodes,
            p->items[at].updated ? "#8a6fb5"
            : trained            ? "#3f8f5f"
                                 : "#999999",
            trained ? "#e4f3e9" : "#f6f6f6", p->items[at].updated ? ", penwidth=2" : "");
    wg_markup_text(p->stream, label);
    fputs("\", label=<", p->stream);
    if (v->times > 1)
        fprintf(p->stream, "%zu ×&#160;", v->times);
    fputs(v->name[0] ? "<B>" : "<I>", p->stream);
    wg_markup_text(p->stream, label);
    fputs(v->name[0] ? "</B>" : "</I>", p->stream);
    write_value(p, v, "");
    fputs(">];\n", p->stream);
}

void wg_dump_section(const struct wg_dump_graph *p, const wg_cost_section *section)
{
    fputs("label=<", p->stream);
    write_section_name(p->stream, section);
    if (section->times > 1)
        fprintf(p->stream, "<BR/><FONT POINT-SIZE=\"8\">costs are those of all %zu</FONT>", section->times);
    fputs(">; tooltip=\"", p->stream);
    wg_markup_text(p->stream, section->path);
    fputs("\";\n", p->stream);
}
