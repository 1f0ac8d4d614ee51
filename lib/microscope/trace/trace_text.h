/* The text of a trace on its way to the stream, in chunks. */
#ifndef WG_TRACE_TEXT_H
#define WG_TRACE_TEXT_H

#include <stdio.h>

#include "wengert/base.h"

/* Between two calls the text ends with a whole event. */
struct wg_trace_text {
    FILE *text; /* in memory: to which events are written */
    FILE *stream;
    char *bytes; /* those of text */
    size_t n_bytes;
    long long end; /* where in the stream the next chunk begins; negative: it cannot be positioned and truncated */
    bool any;      /* an event was written */
    bool begun;    /* the stream holds a whole chunk */
    wg_status failed;
};

/* E_MEMORY. */
wg_status wg_trace_text_begin(struct wg_trace_text *t, FILE *stream);
/* Begins an event in t->text; the caller writes it and calls wg_trace_event_end. False if nothing is written any more. */
bool wg_trace_event_begin(struct wg_trace_text *t);
void wg_trace_event_end(struct wg_trace_text *t);
/* Writes what is left. E_MEMORY or E_IO if anything failed since the beginning. */
wg_status wg_trace_text_end(struct wg_trace_text *t);

#endif
