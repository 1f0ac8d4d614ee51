/* What the writer and the reader of graphs as JSON share: docs/guide/graph-format.md. */
#ifndef WG_GRAPH_FORMAT_H
#define WG_GRAPH_FORMAT_H

#include "microscope/graph/graph_memory.h"
#include "wengert/dump.h"

#define WG_GRAPH_FORMAT "wengert graph"
enum { WG_GRAPH_VERSION = 1 };

static const char *const wg_graph_gate_name[] = {"other", "add", "multiply", "route"};
static const char *const wg_graph_origin_name[] = {"result", "caller", "constant", "outer"};

/* The members of a cost, by key. */
static const struct {
    const char *name;
    size_t offset;
} wg_graph_cost_key[] = {
    {"add", offsetof(wg_cost, add)},
    {"mul", offsetof(wg_cost, mul)},
    {"div", offsetof(wg_cost, div)},
    {"compare", offsetof(wg_cost, compare)},
    {"transcendental", offsetof(wg_cost, transcendental)},
    {"bytes_read", offsetof(wg_cost, bytes_read)},
    {"bytes_written", offsetof(wg_cost, bytes_written)},
};
enum { WG_GRAPH_COST_KEYS = sizeof wg_graph_cost_key / sizeof *wg_graph_cost_key };

static inline double *wg_graph_cost_field(wg_cost *cost, size_t i)
{
    return (double *)(void *)((char *)cost + wg_graph_cost_key[i].offset);
}

#endif
