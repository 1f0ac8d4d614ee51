/* Traces: what a thread does, with times, in the Chrome trace-event format (JSON), which Perfetto (ui.perfetto.dev) and chrome://tracing
   open. */
#ifndef WENGERT_TRACE_H
#define WENGERT_TRACE_H

#include <stdio.h>

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_trace_begin(stream): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Options of wg_trace_begin. thread: the name under which the thread is shown; its helper threads are "NAME helper 1", … */
typedef struct WG_NAMED wg_trace_options {
    const char *thread;
} wg_trace_options;

/* From begin to end, what this thread does is written to stream as complete events ("ph": "X") that contain each other:

   category   an event is
   forward, backward, update   one op call: its name; its section, the dtypes and shapes of its operands and results, its counted cost
   vjp        one node of a backward pass: its vjp and the sums of its gradients
   pass       a backward pass: "backward" or "grad"
   commit     wg_update_commit
   section    a named section (wg_section_push), and its kind
   tape       a tape, from opening to closing; and its closing
   part       what a helper thread, or this thread beside it, did of an op whose work they shared

   and, as a counter ("ph": "C"), the bytes in use by the allocator (wg_memory_now). Times are those of CLOCK_MONOTONIC, in microseconds with
   three digits behind the point, so traces of several threads can be put side by side. Ops inside wg_replay_run are not seen.
   Ops leave their fast path, and the text is made between them: an op's own time is right, that of what contains it is longer than
   without a trace by about a microsecond for each event in it.

   stream is the caller's, who closes it after wg_trace_end; nothing else may be written to it meanwhile. Text is written in chunks of
   64 KiB. If the stream can be positioned and truncated (a file not opened to append), what is in it is well-formed JSON after each
   chunk, also if the program ends without wg_trace_end or a later write fails.
   begin: E_NULL; E_STATE if a trace of this thread runs; E_MEMORY.
   end: what is still open ends now. E_STATE if no trace runs; E_IO if a write failed, E_MEMORY if memory for the text ran out: from that
   event on nothing was written, and the trace has ended all the same. A thread that ends ends its trace. */
#define wg_trace_begin(stream, ...) wg_trace_begin_with((stream), WG_OPTIONS(wg_trace_options, .thread = "main", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_trace_begin_with(FILE *stream, wg_trace_options options);
WG_API WG_MUST_CHECK wg_status wg_trace_end(void);

#ifdef __cplusplus
}
#endif

#endif
