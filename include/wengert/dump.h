/* Dumps: the graph of a tape as a picture. */
#ifndef WENGERT_DUMP_H
#define WENGERT_DUMP_H

#include "graph.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef wg_graph_dot_options wg_dump_dot_options;

/* Writes the graph of a tape as Graphviz DOT: wg_graph_of, then wg_graph_write_dot, with the options of the latter.
   Errors: E_NULL; E_DANGLING (the tape is closed, or belongs to another thread); E_MEMORY; E_IO if writing to the stream fails. */
#define wg_dump_dot(tape, stream, ...) wg_dump_dot_with((tape), (stream), WG_GRAPH_DOT_OPTIONS(wg_dump_dot_options, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dump_dot_with(const wg_tape *tape, FILE *stream, wg_dump_dot_options options);

/* Options of wg_dump_json. values: reads the elements of each value and gradient that has not been released. */
typedef struct WG_NAMED wg_dump_json_options {
    bool values;
} wg_dump_json_options;

/* Writes the graph of a tape as JSON, node by node, with the text that wg_graph_write_json gives for wg_graph_of(tape). The graph is
   never in memory as a whole: five eighths of a byte for each node and result, 100 bytes for each tensor that no node made, and the paths of the
   sections are.
   Errors: as wg_dump_dot. Cost: two passes over the nodes. */
#define wg_dump_json(tape, stream, ...) \
    wg_dump_json_with((tape), (stream), WG_OPTIONS(wg_dump_json_options, .values = true, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dump_json_with(const wg_tape *tape, FILE *stream, wg_dump_json_options options);

#ifdef __cplusplus
}
#endif

#endif
