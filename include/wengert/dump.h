/* Dumps: the graph of a tape as a picture. */
#ifndef WENGERT_DUMP_H
#define WENGERT_DUMP_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of wg_dump_dot.
   values: shows the range of each value that has not been released. backward: draws the entries of a traced backward pass too,
   each with a dashed arrow from the forward node that caused it. */
typedef struct WG_NAMED wg_dump_dot_options {
    bool values, backward;
    const char *title;
} wg_dump_dot_options;

/* Writes the tape as Graphviz DOT: a box for each node with its shapes and its counted cost, of forward and, on a traced tape, of
   backward; a cluster for each named section; leaves by name. The same computation gives the same text.
   Errors: E_NULL; E_DANGLING (the tape is closed, or belongs to another thread); E_MEMORY; E_IO if writing to the stream fails. */
#define wg_dump_dot(tape, stream, ...) \
    wg_dump_dot_with((tape), (stream), WG_OPTIONS(wg_dump_dot_options, .values = true, .backward = true, .title = "", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dump_dot_with(const wg_tape *tape, FILE *stream, wg_dump_dot_options options);

#ifdef __cplusplus
}
#endif

#endif
