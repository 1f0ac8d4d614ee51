/* wengert diff: what differs between two graphs. */
#include <stdio.h>

#include "arguments.h"
#include "graph_file.h"

static const struct usage usage = {
    .command = "wengert diff",
    .summary = "which nodes of two graphs were added or removed, or changed their shape or cost",
    .operands = "BEFORE.json AFTER.json",
    .min_operands = 2,
    .max_operands = 2,
    .details =
        "The files are those of wg_dump_json; one of them may be -, for standard input. Exit status: 0 whether the graphs differ or not.",
};

int command_diff(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    wg_graph *before = graph_file_read(usage.command, arguments.operand[0]);
    wg_graph *after = before ? graph_file_read(usage.command, arguments.operand[1]) : NULL;
    status = TOOL_MISUSED;
    if (after) {
        wg_graph_changes *changes = wg_graph_diff(before, after);
        status = changes && wg_graph_changes_print(changes, before, after, stdout) == WG_OK ? TOOL_OK : failed();
        wg_graph_changes_destroy(changes);
    }
    wg_graph_destroy(before);
    wg_graph_destroy(after);
    return status;
}
