/* Graphs and pictures as files, for commands. */
#ifndef WG_TOOL_GRAPH_FILE_H
#define WG_TOOL_GRAPH_FILE_H

#include <wengert.h>

/* The graph in a file of JSON, "-" for standard input, which wg_graph_destroy frees; NULL: a message was printed. */
wg_graph *graph_file_read(const char *command, const char *path);

/* True if both names are of one file: a picture of a graph may not be written over it. */
bool is_graph_file(const char *graph, const char *out);

/* Writes by `write`, as DOT, to path: as it is if the path ends with .dot, drawn by Graphviz's program dot if it ends with .svg, to standard
   output if it is NULL. Returns an exit status; a message was printed if it is not TOOL_OK. */
int picture_write(const char *command, const char *path, wg_status (*write)(FILE *stream, const void *context),
                  const void *context);

/* Runs a program, words[0], which draws path from the script on its standard input; package is Debian's that has it. An exit status; a
   message was printed if it is not TOOL_OK. */
int picture_draw(const char *command, const char *const *words, const char *package, FILE *script, const char *path);

bool ends_with(const char *path, const char *end);

/* The viewer's page without a graph, for reading; NULL if it is not installed (-Dviewer). */
FILE *viewer_page_open(void);

#endif
