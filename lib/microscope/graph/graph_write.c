/* Graphs as JSON, in the format of docs/guide/graph-format.md: of a graph in memory, and of a tape without one. The text is canonical:
   fixed order of keys, one node, value or section a line, defaults left out. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "microscope/graph/graph_format.h"
#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"

/* ---- parts of a line ---- */

/* An object that is being written. */
struct out {
    FILE *stream;
    bool first; /* no member has been written yet */
};

static void key(struct out *out, const char *name)
{
    fprintf(out->stream, out->first ? "\"%s\":" : ",\"%s\":", name);
    out->first = false;
}

/* The shortest decimal that reads back as x; whole numbers without an exponent. */
static void write_real(FILE *stream, double x)
{
    char text[40];
    if (!isfinite(x)) {
        fputs(isnan(x) ? "\"nan\"" : x > 0 ? "\"inf\"" : "\"-inf\"", stream);
    } else if (x == floor(x) && fabs(x) < 0x1p53) {
        fprintf(stream, x == 0 && signbit(x) ? "-0.0" : "%.0f", x);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, x);
            if (strtod(text, NULL) == x)
                break;
        }
        fputs(text, stream);
        if (!strpbrk(text, ".e"))
            fputs(".0", stream); /* else a reader would take it for an integer, which may not have so many digits */
    }
}

static void text_member(struct out *out, const char *name, const char *text)
{
    if (!text[0])
        return;
    key(out, name);
    fputc('"', out->stream);
    wg_json_text(out->stream, text);
    fputc('"', out->stream);
}

static void real_member(struct out *out, const char *name, double x)
{
    if (x == 0 && !signbit(x))
        return;
    key(out, name);
    write_real(out->stream, x);
}

static void true_member(struct out *out, const char *name, bool is)
{
    if (!is)
        return;
    key(out, name);
    fputs("true", out->stream);
}

static void number_member(struct out *out, const char *name, size_t number, size_t preset)
{
    if (number == preset)
        return;
    key(out, name);
    fprintf(out->stream, "%zu", number);
}

static void list_member(struct out *out, const char *name, const size_t *number, size_t n)
{
    if (n == 0)
        return;
    key(out, name);
    for (size_t i = 0; i < n; i++)
        if (number[i] == WG_GRAPH_NONE)
            fputs(i ? ",null" : "[null", out->stream);
        else
            fprintf(out->stream, i ? ",%zu" : "[%zu", number[i]);
    fputc(']', out->stream);
}

/* ---- lines ---- */

static struct out begin_line(FILE *stream, bool first)
{
    fputs(first ? "\n{" : ",\n{", stream);
    return (struct out){stream, true};
}

static void cost_member(struct out *out, const wg_graph_node *node)
{
    key(out, "cost");
    if (node->unknown == node->nodes) {
        fputs("null", out->stream);
        return;
    }
    struct out inner = {out->stream, true};
    fputc('{', out->stream);
    for (size_t i = 0; i < WG_COST_MEMBERS; i++)
        real_member(&inner, wg_cost_member[i].key, wg_cost_number(node->cost, i));
    fputc('}', out->stream);
}

static void write_elements(FILE *stream, const wg_graph_elements *e)
{
    const double number[] = {e->min, e->max, e->mean, e->norm};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        fputc(i ? ',' : '[', stream);
        write_real(stream, number[i]);
    }
    fprintf(stream, ",%lld]", (long long)e->nan);
}

static void elements_member(struct out *out, const char *name, const wg_graph_elements *e)
{
    if (!e)
        return;
    key(out, name);
    write_elements(out->stream, e);
}

static void gradients_member(struct out *out, const wg_graph_node *node)
{
    if (!node->gradient || node->n_in == 0)
        return;
    key(out, "gradients");
    for (size_t i = 0; i < node->n_in; i++) {
        fputc(i ? ',' : '[', out->stream);
        if (node->gradient[i])
            write_elements(out->stream, node->gradient[i]);
        else
            fputs("null", out->stream);
    }
    fputc(']', out->stream);
}

static void write_node(FILE *stream, const wg_graph_node *node, bool first)
{
    struct out out = begin_line(stream, first);
    text_member(&out, "op", node->op);
    text_member(&out, "options", node->options);
    if (node->part != WG_COST_FORWARD)
        text_member(&out, "part", wg_part_name[node->part]);
    number_member(&out, "cause", node->cause, WG_GRAPH_NONE);
    number_member(&out, "section", node->section, 0);
    true_member(&out, "view", node->view);
    if (node->gate != WG_GRAPH_OTHER)
        text_member(&out, "gate", wg_graph_gate_name[node->gate]);
    list_member(&out, "in", node->in, node->n_in);
    gradients_member(&out, node);
    list_member(&out, "out", node->out, node->n_out);
    list_member(&out, "writes", node->writes, node->n_writes);
    cost_member(&out, node);
    if (node->unknown < node->nodes)
        number_member(&out, "unknown", node->unknown, 0);
    true_member(&out, "box", node->box);
    number_member(&out, "nodes", node->nodes, 1);
    real_member(&out, "bytes_saved", node->bytes_saved);
    number_member(&out, "allocations", node->allocations, 0);
    real_member(&out, "bytes_allocated", node->bytes_allocated);
    if (node->nanoseconds >= 0) {
        key(&out, "nanoseconds");
        write_real(stream, node->nanoseconds);
    }
    fputc('}', stream);
}

static void write_value(FILE *stream, const wg_graph_value *value, size_t number, bool first)
{
    struct out out = begin_line(stream, first);
    text_member(&out, "name", value->name);
    if (value->origin != WG_GRAPH_RESULT)
        text_member(&out, "origin", wg_graph_origin_name[value->origin]);
    number_member(&out, "node", value->node, WG_GRAPH_NONE);
    number_member(&out, "slot", value->slot, 0);
    text_member(&out, "outer", value->outer);
    text_member(&out, "dtype", wg_dtype_name(value->dtype));
    key(&out, "shape");
    for (int i = 0; i < value->shape.rank; i++)
        fprintf(stream, i ? ",%lld" : "[%lld", (long long)value->shape.extent[i]);
    fputs(value->shape.rank > 0 ? "]" : "[]", stream);
    number_member(&out, "times", value->times, 1);
    true_member(&out, "requires_gradient", value->requires_gradient);
    true_member(&out, "saved", value->saved);
    true_member(&out, "released", value->released);
    number_member(&out, "base", value->base, number);
    number_member(&out, "gradient", value->gradient, WG_GRAPH_NONE);
    elements_member(&out, "elements", value->elements);
    elements_member(&out, "gradient_elements", value->gradient_elements);
    fputc('}', stream);
}

static void write_sections(FILE *stream, const wg_cost_section *section, size_t n)
{
    fputs("\n],\n\"sections\":[", stream);
    for (size_t i = 0; i < n; i++) {
        struct out out = begin_line(stream, i == 0);
        text_member(&out, "name", section[i].name);
        text_member(&out, "kind", section[i].kind);
        number_member(&out, "parent", section[i].parent, 0);
        number_member(&out, "times", section[i].times, 1);
        fputc('}', stream);
    }
    fputs("\n]\n}\n", stream);
}

static void write_head(FILE *stream, bool traced)
{
    fprintf(stream, "{\n\"format\":\"%s\",\n\"version\":%d,\n\"traced\":%s,\n\"nodes\":[", WG_GRAPH_FORMAT, WG_GRAPH_VERSION,
            traced ? "true" : "false");
}

/* ---- whole graphs ---- */

/* Numbers are written in the locale of C, in which a comma is never a decimal point. */
struct plain_locale {
    locale_t c, before;
};

static wg_status enter_locale(struct plain_locale *locale)
{
    locale->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!locale->c)
        return WG_E_MEMORY;
    locale->before = uselocale(locale->c);
    return WG_OK;
}

static wg_status leave_locale(const struct plain_locale *locale, FILE *stream, const char *op)
{
    uselocale(locale->before);
    freelocale(locale->c);
    return wg_flush(stream, op);
}

wg_status wg_graph_write_json(const wg_graph *graph, FILE *stream)
{
    WG_OPERATION("graph_write_json");
    struct plain_locale locale;
    if (!graph || !stream)
        return wg_fail(WG_E_NULL, "graph_write_json", "graph_write_json: expected a %s, got NULL", graph ? "stream" : "graph");
    if (enter_locale(&locale) != WG_OK)
        return wg_fail(WG_E_MEMORY, "graph_write_json", "graph_write_json: out of memory");
    write_head(stream, graph->traced);
    for (size_t i = 0; i < graph->n_nodes; i++)
        write_node(stream, &graph->node[i], i == 0);
    fputs("\n],\n\"values\":[", stream);
    for (size_t i = 0; i < graph->n_values; i++)
        write_value(stream, &graph->value[i], i, i == 0);
    write_sections(stream, graph->section, graph->n_sections);
    return leave_locale(&locale, stream, "graph_write_json");
}

/* ---- a tape, line by line ---- */

static void stream_value(const wg_tensor *t, wg_graph_value *value, size_t number, bool elements, FILE *stream)
{
    wg_graph_elements own, gradient;
    const wg_tensor *g = elements ? wg_scan_gradient(t) : NULL;
    if (elements && wg_scan_elements(t, &own))
        value->elements = &own;
    if (g && wg_scan_elements(g, &gradient))
        value->gradient_elements = &gradient;
    write_value(stream, value, number, number == 0);
}

/* The elements of the gradients that a node's vjp gave. */
struct contributions {
    struct wg_array elements, places; /* wg_graph_elements; pointers to them or NULL, one for each operand */
};

static wg_status read_contributions(const struct wg_scan *scan, const struct wg_node *node, struct contributions *to,
                                    wg_graph_node *described)
{
    const unsigned n = node->call.n_in;
    WG_TRY(wg_array_reserve(&to->elements, n, sizeof(wg_graph_elements)));
    WG_TRY(wg_array_reserve(&to->places, n, sizeof(const wg_graph_elements *)));
    const wg_graph_elements **place = to->places.at;
    for (unsigned i = 0; i < n; i++) {
        const wg_tensor *gradient = wg_scan_contribution(scan, node, i);
        wg_graph_elements *elements = WG_NTH(to->elements, wg_graph_elements, i);
        place[i] = gradient && wg_scan_elements(gradient, elements) ? elements : NULL;
        if (gradient)
            described->gradient = place;
    }
    return WG_OK;
}

static wg_status stream_nodes(struct wg_scan *scan, FILE *stream, bool elements)
{
    struct contributions contributions = {0};
    wg_status status = WG_OK;
    for (const struct wg_node *node = scan->tape->first; node && status == WG_OK; node = wg_scan_next(scan, node)) {
        wg_graph_node described;
        status = wg_scan_node(scan, node, &described);
        if (status == WG_OK && elements)
            status = read_contributions(scan, node, &contributions, &described);
        if (status == WG_OK)
            write_node(stream, &described, node == scan->tape->first);
    }
    wg_array_free(&contributions.elements);
    wg_array_free(&contributions.places);
    return status;
}

static wg_status stream_tape(struct wg_scan *scan, FILE *stream, bool elements)
{
    const struct wg_node *first = scan->tape->first;
    size_t at = 0, number = 0;
    WG_TRY(wg_scan_begin(scan));
    write_head(stream, scan->tape->trace);
    WG_TRY(stream_nodes(scan, stream, elements));
    fputs("\n],\n\"values\":[", stream);
    wg_graph_value value;
    for (const struct wg_node *node = first; node; node = wg_scan_next(scan, node), at++)
        for (unsigned i = 0; i < node->call.n_out; i++, number++) {
            wg_scan_result(scan, node, at, i, number, &value);
            stream_value(node->call.out[i], &value, number, elements, stream);
        }
    for (size_t leaf = 0; leaf < wg_scan_n_leaves(scan); leaf++, number++) {
        wg_scan_leaf(scan, leaf, &value);
        stream_value(wg_scan_leaf_tensor(scan, leaf), &value, number, elements, stream);
    }
    WG_TRY(wg_scan_sections(scan));
    write_sections(stream, scan->sections.at, scan->sections.n);
    return WG_OK;
}

wg_status wg_dump_json_with(const wg_tape *tape, FILE *stream, wg_dump_json_options options)
{
    WG_OPERATION("dump_json");
    struct plain_locale locale;
    if (!tape || !stream)
        return wg_fail(WG_E_NULL, "dump_json", "dump_json: expected a %s, got NULL", tape ? "stream" : "tape");
    WG_TRY(wg_check_open(tape, "dump_json"));
    if (enter_locale(&locale) != WG_OK)
        return wg_fail(WG_E_MEMORY, "dump_json", "dump_json: out of memory");
    struct wg_arena arena = {0};
    struct wg_scan scan = {.tape = tape, .arena = &arena, .values = true};
    const wg_status status = stream_tape(&scan, stream, options.values);
    wg_scan_end(&scan);
    wg_arena_shrink(&arena, true);
    const wg_status written = leave_locale(&locale, stream, "dump_json");
    return status == WG_OK ? written : status;
}
