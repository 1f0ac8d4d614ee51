/* wengert cost: what a graph costs, as a table. */
#include <stdio.h>

#include "arguments.h"
#include "graph_file.h"

static const struct usage usage = {
    .command = "wengert cost",
    .summary = "what a graph costs: totals, sections, ops",
    .operands = "GRAPH.json",
    .min_operands = 1,
    .max_operands = 1,
    .details = "GRAPH.json is a file of wg_dump_json, - for standard input.",
};

int command_cost(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    wg_graph *graph = graph_file_read(usage.command, arguments.operand[0]);
    if (!graph)
        return TOOL_MISUSED;
    wg_cost_table *table = wg_graph_costs(graph);
    status = table && wg_cost_print(table, stdout) == WG_OK ? TOOL_OK : failed();
    wg_cost_destroy(table);
    wg_graph_destroy(graph);
    return status;
}
