/* The thread's error record. The first error is kept, because it is the cause; later errors are its consequences and are only
   counted. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

/* The error of a thread that has no memory for its state. */
static const wg_error no_state = {.code = WG_E_MEMORY, .message = "no memory for the thread's state"};

void wg_say(struct wg_text *text, const char *format, ...)
{
    va_list arguments;
    if (text->used >= text->size)
        return;
    va_start(arguments, format);
    const int length = vsnprintf(text->at + text->used, text->size - text->used, format, arguments);
    va_end(arguments);
    text->used += length > 0 ? (size_t)length : 0;
}

void wg_section_path(const wg_section *section, char *text, size_t size)
{
    const char *names[16];
    int n = 0;
    for (; section && n < 16; section = section->parent)
        names[n++] = section->name;
    struct wg_text path = {text, size, 0};
    text[0] = 0;
    while (n-- > 0)
        wg_say(&path, "%s%s", path.used ? "/" : "", names[n]);
}

void wg_mark_failed(struct wg_thread *th)
{
    if (th->top)
        th->top->failed = true;
    if (th->updating)
        th->update_failed = true;
}

/* Removes the prefix "slice: " from "slice: there is no axis", so that a message names only one op. */
static void drop_prefix(char *message, const char *op)
{
    const size_t n = strlen(op);
    if (strncmp(message, op, n) == 0 && message[n] == ':' && message[n + 1] == ' ')
        memmove(message, message + n + 2, strlen(message + n + 2) + 1);
}

/* Calls the error hook. Errors that the hook itself records are only counted. */
static void tell_hook(struct wg_thread *th, const wg_error *error)
{
    wg_callback callback = {.op = "error_hook", .who = "the function"};
    th->in_error_hook = true;
    wg_callback_begin(&callback);
    th->hook(error, th->hook_context);
    (void)wg_callback_end(&callback, WG_OK);
    th->in_error_hook = false;
}

/* The op name in errors of the allocator, which knows no op. */
static const char nameless[] = "memory";

/* What the user called, if that is not op: the public function in which the allocator failed, or the composed op of which op is
   a part. Else NULL. */
static const char *caller_of(const struct wg_thread *th, const char *op)
{
    if (op && strcmp(op, nameless) == 0 && th->operation)
        return th->operation;
    return th->composing && op && strcmp(op, th->composing->name) != 0 ? th->composing->name : NULL;
}

static void record(struct wg_thread *th, wg_status code, const char *op, const char *format, va_list arguments)
{
    wg_error error = {.code = code};
    const char *part = op;
    size_t used = 0;
    const char *called = caller_of(th, op);
    if (called) {
        used = (size_t)snprintf(error.message, sizeof error.message, "%.60s: ", called);
        op = called;
    }
    snprintf(error.op, sizeof error.op, "%s", op ? op : "");
    wg_section_path(th->mode.section, error.section, sizeof error.section);
    vsnprintf(error.message + used, sizeof error.message - used, format, arguments);
    if (used > 0)
        drop_prefix(error.message + used, part);
    if (th->has_error) {
        th->error.later++;
    } else {
        th->error = error;
        th->has_error = true;
    }
    if (code != WG_E_IO && code != WG_E_DURABILITY) /* a file that cannot be written does not fail the step */
        wg_mark_failed(th);
    if (th->hook && !th->in_error_hook)
        tell_hook(th, &error);
}

static wg_status fail(wg_status code, const char *op, const char *format, va_list arguments)
{
    struct wg_thread *th = wg_self();
    if (th)
        record(th, code, op, format, arguments);
    wg_error_breakpoint();
    return code;
}

wg_status wg_fail(wg_status code, const char *op, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(code, op, format, arguments);
    va_end(arguments);
    return code;
}

/* Puts the name of the op whose call failed into an error of the allocator. */
static void name_memory_error(wg_error *error, const struct wg_op *op)
{
    char message[sizeof error->message];
    if (error->code != WG_E_MEMORY || strcmp(error->op, nameless) != 0)
        return;
    snprintf(message, sizeof message, "%.60s: %.200s", op->name, error->message);
    memcpy(error->message, message, sizeof message);
    snprintf(error->op, sizeof error->op, "%s", op->name);
}

wg_status wg_op_failed(struct wg_thread *th, const struct wg_op *op, wg_status status, const char *part)
{
    if (th->has_error) {
        name_memory_error(&th->error, op);
        wg_mark_failed(th);
    } else {
        wg_fail(status, op->name, "%s: its %s failed: %s", op->name, part, wg_status_text(status));
    }
    return status;
}

wg_status wg_refuse_number(const char *op, const char *parameter, double value, wg_range range)
{
    char got[40];
    snprintf(got, sizeof got, "%g", value);
    if (strtod(got, NULL) != value) /* six digits could round it to an end of the range */
        snprintf(got, sizeof got, "%.17g", value);
    return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s in %c%g, %g%c, got %s", op, parameter, range.above ? '(' : '[', range.low,
                   range.high, range.below ? ')' : ']', got);
}

wg_status wg_error_set(wg_status code, const char *op, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(code == WG_OK ? WG_E_STATE : code, op, format ? format : "", arguments);
    va_end(arguments);
    return code == WG_OK ? WG_E_STATE : code;
}

const wg_error *wg_error_first(void)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return &no_state;
    return th->has_error ? &th->error : NULL;
}

wg_status wg_error_if_null(const void *made)
{
    if (made)
        return WG_OK;
    return wg_error_first() ? wg_error_first()->code : wg_fail(WG_E_NULL, "error_if_null", "error_if_null: the pointer is NULL");
}

wg_status wg_error_take(wg_error *out)
{
    struct wg_thread *th = wg_self();
    const wg_error *first = wg_error_first();
    const wg_status code = first ? first->code : WG_OK;
    if (out)
        *out = first ? *first : (wg_error){.code = WG_OK};
    if (th)
        wg_error_clear(th);
    return code;
}

void wg_error_clear(struct wg_thread *th)
{
    th->has_error = false;
    th->error.later = 0;
}

wg_status wg_error_cause(void)
{
    const wg_error *first = wg_error_first();
    return first ? first->code : WG_E_NULL;
}

wg_status wg_flush(FILE *stream, const char *op)
{
    return fflush(stream) != 0 || ferror(stream) ? wg_fail(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}

int wg_error_report(FILE *stream)
{
    wg_error error;
    if (wg_error_take(&error) == WG_OK || !stream)
        return error.code != WG_OK;
    fprintf(stream, "%s", error.message); /* messages begin with the op's name */
    if (error.section[0])
        fprintf(stream, " (in %s)", error.section);
    if (error.later)
        fprintf(stream, " (and %llu later)", (unsigned long long)error.later);
    fprintf(stream, "\n");
    return 1;
}

const char *wg_status_text(wg_status status)
{
    switch (status) {
#define WG_STATUS_CASE(name, value, text) \
    case WG_##name:                       \
        return text;
        WG_STATUS_LIST(WG_STATUS_CASE)
#undef WG_STATUS_CASE
    }
    return "unknown status";
}

const char *wg_status_name(wg_status status)
{
    switch (status) {
#define WG_STATUS_CASE(name, value, text) \
    case WG_##name:                       \
        return "WG_" #name;
        WG_STATUS_LIST(WG_STATUS_CASE)
#undef WG_STATUS_CASE
    }
    return "unknown status";
}

void wg_error_set_hook(wg_error_hook *hook, void *context)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    th->hook = hook;
    th->hook_context = context;
}

void wg_error_breakpoint(void)
{
    __asm__ volatile("");
}
