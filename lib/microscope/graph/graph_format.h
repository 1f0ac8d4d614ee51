/* What the writer and the reader of graphs as JSON share: docs/guide/graph-format.md. */
#ifndef WG_GRAPH_FORMAT_H
#define WG_GRAPH_FORMAT_H

#include "microscope/graph/graph_memory.h"
#include "wengert/dump.h"

#define WG_GRAPH_FORMAT "wengert graph"
enum { WG_GRAPH_VERSION = 1 };

static const char *const wg_graph_gate_name[] = {"other", "add", "multiply", "route"};
static const char *const wg_graph_origin_name[] = {"result", "caller", "constant", "outer"};

#endif
