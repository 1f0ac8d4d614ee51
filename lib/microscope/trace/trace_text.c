/* The text of a trace. After each chunk the stream holds well-formed JSON: the end of the list is written behind it, and the next chunk
   is written over that. */
#include "microscope/trace/trace_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };
static const char head[] = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", foot[] = "\n]}\n";

static bool can_be_positioned(FILE *stream)
{
    const int file = fileno(stream), flags = file >= 0 ? fcntl(file, F_GETFL) : -1;
    return flags >= 0 && !(flags & O_APPEND) && lseek(file, 0, SEEK_CUR) >= 0;
}

wg_status wg_trace_text_begin(struct wg_trace_text *t, FILE *stream)
{
    *t = (struct wg_trace_text){.stream = stream, .end = -1};
    t->text = open_memstream(&t->bytes, &t->n_bytes);
    if (!t->text)
        return WG_E_MEMORY;
    const int before = errno;
    if (can_be_positioned(stream))
        t->end = ftello(stream);
    errno = before; /* a pipe has no position, which is no error */
    fputs(head, t->text);
    return WG_OK;
}

bool wg_trace_event_begin(struct wg_trace_text *t)
{
    if (t->failed != WG_OK)
        return false;
    fputs(t->any ? ",\n" : "\n", t->text);
    t->any = true;
    return true;
}

static bool write_at(struct wg_trace_text *t, const char *bytes, size_t n)
{
    return (t->end < 0 || fseeko(t->stream, (off_t)t->end, SEEK_SET) == 0) && fwrite(bytes, 1, n, t->stream) == n;
}

/* A chunk could not be written: what arrived of it is cut off, as far as the stream allows that. */
static void cut_off(struct wg_trace_text *t)
{
    t->failed = WG_E_IO;
    __fpurge(t->stream);
    clearerr(t->stream);
    if (!t->begun || t->end < 0 || !write_at(t, foot, sizeof foot - 1) || fflush(t->stream) != 0)
        return;
    const int cut = ftruncate(fileno(t->stream), (off_t)t->end + (off_t)sizeof foot - 1);
    (void)cut; /* if that is impossible, too, the text ends in the middle of an event */
}

static void write_chunk(struct wg_trace_text *t, bool last)
{
    if (fflush(t->text) != 0 || ferror(t->text)) {
        t->failed = WG_E_MEMORY;
        return;
    }
    const off_t n = ftello(t->text); /* n_bytes would count what a longer chunk left behind it */
    const bool whole = write_at(t, t->bytes, (size_t)n) &&
                       (!(last || t->end >= 0) || fwrite(foot, 1, sizeof foot - 1, t->stream) == sizeof foot - 1);
    if (!whole || fflush(t->stream) != 0) {
        cut_off(t);
        return;
    }
    t->begun = true;
    if (t->end >= 0)
        t->end += n;
    rewind(t->text);
}

void wg_trace_event_end(struct wg_trace_text *t)
{
    if (ftello(t->text) >= CHUNK)
        write_chunk(t, false);
}

wg_status wg_trace_text_end(struct wg_trace_text *t)
{
    const wg_status failed = t->failed;
    if (failed != WG_E_IO && !ferror(t->text)) /* whole events that were written before memory ran out elsewhere */
        write_chunk(t, true);
    fclose(t->text);
    free(t->bytes);
    return failed != WG_OK ? failed : t->failed;
}
