/* Traces: a watcher of the thread (core/observer.h) that writes an event for each activity when that ends. */
#include "wengert/trace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"
#include "microscope/trace/trace_text.h"

/* An activity that was entered and is not written yet. */
struct frame {
    enum wg_activity activity;
    bool left; /* a section that the program left while a tape that it had opened in it was still open: it ends with that */
    const void *subject;
    int64_t begin;
};

struct trace {
    struct wg_recorder recorder; /* the first member: see observer.h */
    struct wg_thread *th;
    struct wg_trace_text text;
    struct frame *frame;
    size_t depth, capacity;
    int64_t live;  /* as it was written last */
    int passes;    /* backward passes that are running */
    int helpers;   /* helper threads that have a name so far */
    char thread[]; /* its name */
};

enum { CALLER = 1 }; /* its number in the trace; helper i has 1 + i */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct trace *trace_of(struct wg_recorder *recorder)
{
    return (struct trace *)(void *)recorder; /* recorder is its first member */
}

/* ---- parts of events ---- */

/* Microseconds, by whole numbers: the decimal point of printf depends on the locale. */
static void write_time(FILE *to, const char *key, int64_t nanoseconds)
{
    fprintf(to, ",\"%s\":%lld.%03d", key, (long long)(nanoseconds / 1000), (int)(nanoseconds % 1000));
}

static void write_span(FILE *to, const char *prefix, const char *name, const char *category, int thread, int64_t begin, int64_t end)
{
    fputs("{\"name\":\"", to);
    wg_json_text(to, prefix);
    wg_json_text(to, name);
    fprintf(to, "\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":%d", category, thread);
    write_time(to, "ts", begin);
    write_time(to, "dur", end - begin);
}

/* The path of a section, from outside inwards; of one that is very deep, its inner end. */
static void write_section(FILE *to, const wg_section *section)
{
    enum { DEPTH = 32 };
    const wg_section *path[DEPTH];
    int n = 0;
    for (; section && n < DEPTH; section = section->parent)
        path[n++] = section;
    fputs("\"section\":\"", to);
    while (n-- > 0) {
        wg_json_text(to, path[n]->name);
        fputs(n > 0 ? "/" : "", to);
    }
    fputc('"', to);
}

static void write_tensors(FILE *to, const char *key, wg_tensor *const *t, unsigned n)
{
    enum { SHOWN = 16 };
    char shape[200];
    fprintf(to, ",\"%s\":[", key);
    for (unsigned i = 0; i < n && i < SHOWN; i++)
        if (wg_absent(t[i]))
            fputs(i ? ",\"none\"" : "\"none\"", to);
        else
            fprintf(to, "%s\"%s %s\"", i ? "," : "", wg_dtype_name((wg_dtype)t[i]->dtype),
                    wg_shape_text(wg_shape_of(t[i]), shape, sizeof shape));
    if (n > SHOWN)
        fprintf(to, ",\"and %u more\"", n - SHOWN);
    fputc(']', to);
}

/* ---- events ---- */

static const char *const category[] = {
    [WG_ACTIVITY_OP] = "op",           [WG_ACTIVITY_VJP] = "vjp",   [WG_ACTIVITY_PASS] = "pass",   [WG_ACTIVITY_COMMIT] = "commit",
    [WG_ACTIVITY_SECTION] = "section", [WG_ACTIVITY_TAPE] = "tape", [WG_ACTIVITY_CLOSING] = "tape"};

static const char *name_of(const struct frame *frame)
{
    switch (frame->activity) {
    case WG_ACTIVITY_OP:
    case WG_ACTIVITY_VJP:
        return ((const struct wg_node *)frame->subject)->call.op->name;
    case WG_ACTIVITY_PASS:
        return frame->subject;
    case WG_ACTIVITY_COMMIT:
        return "update_commit";
    case WG_ACTIVITY_TAPE:
        return "tape";
    case WG_ACTIVITY_CLOSING:
        return frame->subject ? "tape_close" : "interrupted";
    case WG_ACTIVITY_SECTION: /* write_section_span */
        break;
    }
    return "";
}

static void write_op(struct trace *t, const struct frame *frame, int64_t end)
{
    const wg_call *c = &((const struct wg_node *)frame->subject)->call;
    const struct wg_modes *mode = &t->th->mode;
    const bool is_update = wg_is_update(c) || t->th->updating, in_vjp = mode->backward_tape && mode->cause;
    wg_cost cost;
    const bool known = wg_cost_stated(c, &cost); /* before the event: a user's function may run ops, which are events */
    if (!wg_trace_event_begin(&t->text))
        return;
    FILE *to = t->text.text;
    write_span(to, "", c->op->name, t->passes > 0 ? "backward" : is_update ? "update" : "forward", CALLER, frame->begin, end);
    fputs(",\"args\":{", to);
    write_section(to, in_vjp ? mode->cause->section : mode->section);
    write_tensors(to, "in", c->in, c->n_in);
    write_tensors(to, "out", c->out, c->n_out);
    if (known)
        fprintf(to, ",\"operations\":%.0f,\"bytes\":%.0f", wg_cost_operations(cost), cost.bytes_read + cost.bytes_written);
    fputs("}}", to);
    wg_trace_event_end(&t->text);
}

static void write_plain(struct trace *t, const char *prefix, const char *name, const char *kind, int thread, int64_t begin,
                        int64_t end)
{
    if (!wg_trace_event_begin(&t->text))
        return;
    write_span(t->text.text, prefix, name, kind, thread, begin, end);
    fputc('}', t->text.text);
    wg_trace_event_end(&t->text);
}

static void write_section_span(struct trace *t, const struct frame *frame, int64_t end)
{
    const wg_section *section = frame->subject;
    if (!wg_trace_event_begin(&t->text))
        return;
    write_span(t->text.text, "", section->name, category[frame->activity], CALLER, frame->begin, end);
    fputs(",\"args\":{\"kind\":\"", t->text.text);
    wg_json_text(t->text.text, section->kind);
    fputs("\"}}", t->text.text);
    wg_trace_event_end(&t->text);
}

static void write_frame(struct trace *t, const struct frame *frame, int64_t end)
{
    if (frame->activity == WG_ACTIVITY_OP)
        write_op(t, frame, end);
    else if (frame->activity == WG_ACTIVITY_SECTION)
        write_section_span(t, frame, end);
    else
        write_plain(t, frame->activity == WG_ACTIVITY_VJP ? "vjp of " : "", name_of(frame), category[frame->activity], CALLER,
                    frame->begin, end);
}

static void write_live(struct trace *t, int64_t at)
{
    const struct wg_pool *pool = &t->th->pool;
    if (pool->live == t->live || !wg_trace_event_begin(&t->text))
        return;
    t->live = pool->live;
    fputs("{\"name\":\"memory\",\"ph\":\"C\",\"pid\":1,\"tid\":1", t->text.text);
    write_time(t->text.text, "ts", at);
    fprintf(t->text.text, ",\"args\":{\"live\":%lld}}", (long long)pool->live);
    wg_trace_event_end(&t->text);
}

/* number: of a helper thread, or 0. */
static void write_thread_name(struct trace *t, int number)
{
    FILE *to = t->text.text;
    if (!wg_trace_event_begin(&t->text))
        return;
    fprintf(to, "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"args\":{\"name\":\"", CALLER + number);
    wg_json_text(to, t->thread);
    if (number > 0)
        fprintf(to, " helper %d", number);
    fputs("\"}}", to);
    wg_trace_event_end(&t->text);
}

/* ---- the watcher ---- */

static void end_youngest(struct trace *t, int64_t end)
{
    const struct frame frame = t->frame[--t->depth];
    write_frame(t, &frame, end);
    t->passes -= frame.activity == WG_ACTIVITY_PASS;
}

/* Ends the youngest frames as long as they are sections that the thread is no longer in: closing a tape and the end of a user's function
   leave sections silently. */
static void end_lost_sections(struct trace *t, int64_t end)
{
    while (t->depth > 0 && t->frame[t->depth - 1].activity == WG_ACTIVITY_SECTION) {
        const wg_section *at = t->th->mode.section;
        while (at && at != t->frame[t->depth - 1].subject)
            at = at->parent;
        if (at)
            break;
        end_youngest(t, end);
    }
}

/* A tape closes. Ops and vjps that run on it will not return, since their thread ends in them; their nodes go with the tape. */
static void interrupt(struct trace *t, const void *tape)
{
    for (size_t i = t->depth; i-- > 0 && !(tape && t->frame[i].subject == tape);)
        if (t->frame[i].activity == WG_ACTIVITY_OP || t->frame[i].activity == WG_ACTIVITY_VJP)
            t->frame[i] = (struct frame){WG_ACTIVITY_CLOSING, false, NULL, t->frame[i].begin};
}

/* Without memory for the frame nothing more is written: events would not contain each other any more. */
static void enter(struct wg_recorder *recorder, enum wg_activity activity, const void *subject)
{
    struct trace *t = trace_of(recorder);
    if (activity == WG_ACTIVITY_CLOSING)
        interrupt(t, subject);
    end_lost_sections(t, now());
    if (t->depth == t->capacity) {
        const size_t more = t->capacity ? 2 * t->capacity : 64;
        struct frame *grown = wg_memory_refuses(t->th) ? NULL : realloc(t->frame, more * sizeof *grown);
        if (!grown) {
            t->text.failed = t->text.failed == WG_OK ? WG_E_MEMORY : t->text.failed;
            return;
        }
        t->frame = grown;
        t->capacity = more;
    }
    t->passes += activity == WG_ACTIVITY_PASS;
    t->frame[t->depth++] = (struct frame){activity, false, subject, now()};
}

/* What was entered before the trace began has no frame. Above the frame that ends may be sections, which a tape that closes leaves
   silently. */
static void leave(struct wg_recorder *recorder, enum wg_activity activity, const void *subject)
{
    struct trace *t = trace_of(recorder);
    const int64_t end = now();
    size_t at = t->depth;
    while (at > 0 && !(t->frame[at - 1].activity == activity && t->frame[at - 1].subject == subject && !t->frame[at - 1].left))
        at--;
    if (at == 0 || t->text.failed != WG_OK)
        return;
    t->frame[at - 1].left = activity == WG_ACTIVITY_SECTION && at < t->depth;
    while (t->depth >= at && !t->frame[at - 1].left)
        end_youngest(t, end);
    while (t->depth > 0 && t->frame[t->depth - 1].left)
        end_youngest(t, end);
    if (activity != WG_ACTIVITY_SECTION)
        write_live(t, now());
}

static void worked(struct wg_recorder *recorder, int helper, int64_t begin, int64_t end)
{
    struct trace *t = trace_of(recorder);
    while (t->helpers < helper)
        write_thread_name(t, ++t->helpers);
    write_plain(t, "", "part", "part", CALLER + helper, begin, end);
}

/* ---- begin and end ---- */

static wg_status finish(struct trace *t)
{
    const int64_t end = now();
    wg_watcher_remove(t->th, &t->recorder);
    while (t->depth > 0 && t->text.failed == WG_OK)
        end_youngest(t, end);
    const wg_status status = wg_trace_text_end(&t->text);
    free(t->frame);
    free(t);
    return status;
}

/* The tapes are closed; what else was open ended with the thread, and has no subject any more. */
static void thread_ends(struct wg_recorder *recorder)
{
    struct trace *t = trace_of(recorder);
    interrupt(t, NULL);
    (void)finish(t);
}

static const struct wg_observer observer = {.enter = enter, .leave = leave, .worked = worked, .thread_ends = thread_ends};

static struct trace *running(const struct wg_thread *th)
{
    struct wg_recorder *watcher = wg_watcher_with(th, &observer);
    return watcher ? trace_of(watcher) : NULL;
}

wg_status wg_trace_begin_with(FILE *stream, wg_trace_options options)
{
    WG_OPERATION("trace_begin");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!stream || !options.thread)
        return wg_fail(WG_E_NULL, "trace_begin", "trace_begin: the stream or .thread is NULL");
    if (running(th))
        return wg_fail(WG_E_STATE, "trace_begin", "trace_begin: a trace runs already: wg_trace_end comes first");
    const size_t bytes = strlen(options.thread) + 1;
    struct trace *t = wg_memory_refuses(th) ? NULL : calloc(1, sizeof *t + bytes);
    if (!t || wg_trace_text_begin(&t->text, stream) != WG_OK) {
        free(t);
        return wg_fail(WG_E_MEMORY, "trace_begin", "trace_begin: no memory for the trace");
    }
    t->recorder.observer = &observer;
    t->th = th;
    t->live = -1;
    memcpy(t->thread, options.thread, bytes);
    write_thread_name(t, 0);
    write_live(t, now());
    wg_watcher_add(th, &t->recorder);
    return WG_OK;
}

wg_status wg_trace_end(void)
{
    WG_OPERATION("trace_end");
    struct wg_thread *th = wg_self();
    struct trace *t = th ? running(th) : NULL;
    if (!t)
        return wg_fail(WG_E_STATE, "trace_end", "trace_end: no trace runs in this thread: wg_trace_begin comes first");
    if (wg_cost_is_asked(th))
        return wg_fail(WG_E_STATE, "trace_end", "trace_end: it cannot end inside the cost function of an op");
    const wg_status status = finish(t);
    return status == WG_OK ? WG_OK
                           : wg_fail(status, "trace_end",
                                     status == WG_E_IO ? "trace_end: writing to the stream failed; the trace is not whole"
                                                       : "trace_end: no memory for the text; the trace is not whole");
}
