/* wengert show: a graph as a picture. */
#include <stddef.h>
#include <stdio.h>

#include "arguments.h"
#include "graph_file.h"

enum { FORWARD, BACKWARD, ALL };
static const char *const parts[] = {"forward", "backward", "all", NULL};

struct show_options {
    int64_t depth;
    int parts;
    bool unfolded, bare, gates;
};

#define SWITCH(member, explained)                                                                                            \
    {                                                                                                                        \
        .name = #member, .type = WG_OPTION_BOOL, .offset = offsetof(struct show_options, member), .range = WG_BETWEEN(0, 1), \
        .help = explained                                                                                                    \
    }

static const wg_option options[] = {
    {.name = "depth",
     .type = WG_OPTION_INT,
     .offset = offsetof(struct show_options, depth),
     .preset = -1,
     .range = WG_BETWEEN(-1, 1000),
     .help = "so many levels of sections stay open, -1: all"},
    {.name = "parts",
     .type = WG_OPTION_CHOICE,
     .offset = offsetof(struct show_options, parts),
     .choice = parts,
     .preset = ALL,
     .range = WG_ANY_VALUE,
     .help = "forward alone, with backward, or updates too"},
    SWITCH(unfolded, "draws every repetition by itself"),
    SWITCH(bare, "leaves out the ranges of the values"),
    SWITCH(gates, "a small graph as gates, with values and gradients on the wires"),
};

static const struct usage usage = {
    .command = "wengert show",
    .summary = "a graph as a picture",
    .operands = "GRAPH.json",
    .min_operands = 1,
    .max_operands = 1,
    .out = "FILE",
    .out_help = "a name that ends with .svg or .dot; without it DOT goes to standard output",
    .title = true,
    .table = {options, sizeof options / sizeof *options, sizeof(struct show_options)},
    .details = "GRAPH.json is a file of wg_dump_json, - for standard input. Graphviz's program dot draws .svg.",
};

struct picture {
    const wg_graph *graph;
    const struct show_options *options;
    const char *title;
};

static wg_status write_dot(FILE *stream, const void *context)
{
    const struct picture *picture = context;
    const struct show_options *o = picture->options;
    if (o->gates)
        return wg_graph_write_gates(picture->graph, stream, .title = picture->title);
    return wg_graph_write_dot(picture->graph, stream, .depth = (int)o->depth, .fold = !o->unfolded,
                              .backward = o->parts >= BACKWARD, .updates = o->parts == ALL, .values = !o->bare,
                              .title = picture->title);
}

int command_show(int argc, char **argv)
{
    struct show_options o;
    struct arguments arguments = {.options = &o};
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    if (arguments.out && is_graph_file(arguments.operand[0], arguments.out))
        return misused(usage.command, "expected another file than the graph behind --out, got %s", arguments.out);
    wg_graph *graph = graph_file_read(usage.command, arguments.operand[0]);
    if (!graph)
        return TOOL_MISUSED;
    status = picture_write(usage.command, arguments.out, write_dot,
                           &(struct picture){graph, &o, arguments.title ? arguments.title : arguments.operand[0]});
    wg_graph_destroy(graph);
    return status;
}
