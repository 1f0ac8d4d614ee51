/* What is written to a stream, as text; graphs as text, and back. */
#ifndef TEXT_H
#define TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wengert.h"

struct text {
    char *at;
    size_t size;
    FILE *stream;
};

/* A stream to write to; text_end closes it and gives the text, which the caller frees:
       struct text text;
       char *json = text_end(&text, wg_graph_write_json(graph, text_begin(&text))); */
static inline FILE *text_begin(struct text *text)
{
    text->stream = open_memstream(&text->at, &text->size);
    assert_non_null(text->stream);
    return text->stream;
}

static inline char *text_end(struct text *text, wg_status written)
{
    assert_int_equal(written, WG_OK);
    assert_int_equal(fclose(text->stream), 0);
    return text->at;
}

static inline char *as_json(const wg_graph *graph)
{
    struct text text;
    return text_end(&text, wg_graph_write_json(graph, text_begin(&text)));
}

static inline wg_graph *from_json(const char *json)
{
    FILE *stream = fmemopen((void *)(uintptr_t)json, strlen(json), "r");
    assert_non_null(stream);
    wg_graph *graph = wg_graph_read_json(stream);
    fclose(stream);
    return graph;
}

static inline char *as_dot(const wg_graph *graph)
{
    struct text text;
    return text_end(&text, wg_graph_write_dot(graph, text_begin(&text)));
}

#endif
