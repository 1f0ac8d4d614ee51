/* The graph as a picture. */
#ifndef WENGERT_DUMP_H
#define WENGERT_DUMP_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include <stdio.h>

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* values: the range of each value is shown where it is still there. backward: entries of a traced backward pass are drawn too, with
   a dashed arrow from the forward node that caused each. */
typedef struct wg_dump_dot_options {
    bool values, backward;
    const char *title;
} wg_dump_dot_options;

/* Writes the tape as Graphviz DOT: a box per node with its shapes and its counted cost, forward and, on a traced tape, backward; a
   cluster per named section, leaves by name. The same computation gives the same text. Errors: E_NULL, E_DANGLING (the tape is closed,
   or it is another thread's), E_MEMORY, E_IO if the stream fails. */
#define wg_dump_dot(tape, stream, ...) \
    wg_dump_dot_with((tape), (stream), WG_OPTIONS(wg_dump_dot_options, .values = true, .backward = true, .title = "", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dump_dot_with(const wg_tape *tape, FILE *stream, wg_dump_dot_options options);

#ifdef __cplusplus
}
#endif

#endif
