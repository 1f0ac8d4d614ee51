#include "world.h"

#include <math.h>

void broken(const struct world *w, const char *format, ...)
{
    va_list rest;
    printf("sequence %llu, in %s: ", (unsigned long long)w->seed, w->doing);
    va_start(rest, format);
    vprintf(format, rest);
    va_end(rest);
    printf("\n");
    fflush(stdout);
    exit(1);
}

void judge(struct world *w, bool succeeded)
{
    const wg_error *error = wg_error_first();
    if (succeeded && error)
        broken(w, "it succeeded, and recorded an error: %s", error->message);
    if (!succeeded && !error)
        broken(w, "it failed without an error");
    if (!error)
        return;
    say(w, "   %s: %s\n", wg_status_name(error->code), error->message);
    if (!error->message[0] || !error->op[0] || error->code == WG_OK)
        broken(w, "the error says nothing: code %d, op \"%s\", \"%s\"", error->code, error->op, error->message);
    if (error->code == WG_E_BUG && !strstr(error->message, "twice")) /* caused by the closure that breaks the rules */
        broken(w, "a bug of the library's own: %s", error->message);
    if (w->depth > 0)
        w->open[w->depth - 1].failed = true;
    wg_error_take(NULL);
}

wg_status judged(struct world *w, wg_status status)
{
    judge(w, status == WG_OK);
    return status;
}

wg_tensor *adopt(struct world *w, wg_tensor *t)
{
    judge(w, t != NULL);
    if (!t || t == WG_NONE)
        return t;
    for (int i = 0; i < w->n; i++)
        if (w->handle[i].t == t)
            return t;
    if (wg_numel(t) > MOST_ELEMENTS) { /* Jacobians of Jacobians grow without bound */
        if (w->depth == 0)
            wg_free(t);
        return NULL;
    }
    if (w->n == MOST_HANDLES)
        broken(w, "an action made more handles than the list holds");
    w->handle[w->n] = (struct handle){.t = t, .tape = w->depth};
    w->n++;
    return t;
}

void make_way(struct world *w)
{
    while (w->n > USUAL_HANDLES) {
        int i = 0, k = 0;
        while (i < w->n && (w->handle[i].borrowed || w->handle[i].tape == 0))
            i++;
        while (w->handle[k].borrowed)
            k++;
        if (i == w->n)
            wg_free(w->handle[i = k].t);
        forget(w, w->handle[i].t);
    }
}

wg_tensor *any_handle(struct world *w)
{
    return w->n ? w->handle[below(w, w->n)].t : NULL;
}

wg_shape any_shape(struct world *w)
{
    static const wg_shape shapes[] = {
        {0, {0}},    {1, {1}},    {1, {3}},       {1, {0}},       {2, {2, 3}}, {2, {3, 2}},       {2, {3, 3}},          {2, {1, 3}},
        {2, {2, 1}}, {2, {0, 3}}, {3, {2, 2, 3}}, {3, {1, 2, 2}}, {1, {40}},   {4, {1, 2, 3, 3}}, {5, {1, 1, 2, 1, 2}},
    };
    return shapes[below(w, sizeof shapes / sizeof *shapes)];
}

static double any_number(struct world *w)
{
    static const double rare[] = {0, -0.0, 1, -1, 1e-30, 1e30, INFINITY, -INFINITY, NAN};
    if (chance(w, 10))
        return rare[below(w, sizeof rare / sizeof *rare)];
    return (double)below(w, 2000) / 500 - 2;
}

wg_tensor *fresh_value(struct world *w)
{
    const wg_shape shape = any_shape(w);
    const wg_dtype dtype = chance(w, 45) ? WG_F32 : chance(w, 80) ? WG_F64 : chance(w, 60) ? WG_I64 : WG_U8;
    float f[64];
    double d[64];
    int64_t n[64];
    uint8_t u[64];
    for (int i = 0; i < 64; i++) {
        const double value = any_number(w);
        f[i] = (float)value;
        d[i] = value;
        n[i] = below(w, 4);
        u[i] = (uint8_t)below(w, 2);
    }
    return dtype == WG_F32   ? wg_from(f, shape)
           : dtype == WG_F64 ? wg_from(d, shape)
           : dtype == WG_I64 ? wg_from(n, shape)
                             : wg_from(u, shape);
}

void forget(struct world *w, const wg_tensor *t)
{
    for (int i = 0; i < w->n; i++)
        if (w->handle[i].t == t) {
            memmove(w->handle + i, w->handle + i + 1, (size_t)(w->n - i - 1) * sizeof *w->handle);
            w->n--;
            return;
        }
}

/* Copies the bytes of a tensor of the caller's, row-major; returns 0 if they are too many or there is no value. */
static size_t read_owned(const struct handle *h, char *bytes)
{
    const size_t size = (size_t)wg_numel(h->t) * wg_dtype_size(wg_dtype_of(h->t));
    return h->tape == 0 && size <= MOST_BYTES && wg_read_raw(h->t, bytes) == WG_OK ? size : 0;
}

void save_owned(struct world *w)
{
    for (int i = 0; i < w->n; i++)
        w->handle[i].bytes = w->handle[i].tape == 0 ? read_owned(&w->handle[i], w->handle[i].saved) : 0;
    for (int i = 0; i < w->depth; i++)
        w->open[i].failed = false;
    w->any_failed = w->written = false;
    if (wg_error_first())
        broken(w, "a tensor of the caller's cannot be read: %s", wg_error_first()->message);
}

static void check_owned(struct world *w)
{
    char bytes[MOST_BYTES];
    for (int i = 0; i < w->n; i++) {
        const struct handle *h = &w->handle[i];
        if (h->tape == 0 && h->bytes && (read_owned(h, bytes) != h->bytes || memcmp(bytes, h->saved, h->bytes) != 0))
            broken(w, "a failed step left a change in handle %d", i);
    }
}

void open_tape(struct world *w, bool trace)
{
    if (w->depth == MOST_TAPES)
        return;
    if (w->depth == 0)
        save_owned(w);
    wg_tape *tape = wg_tape_open(.trace = trace);
    judge(w, tape != NULL);
    if (!tape) {
        wg_tape_close(NULL); /* ends the state in which every op fails */
        return;
    }
    w->open[w->depth++] = (struct open_tape){.tape = tape};
}

void close_tape(struct world *w)
{
    if (w->depth == 0)
        return;
    const bool was_updating = w->updating;
    if (judged(w, wg_tape_close(w->open[w->depth - 1].tape)) != WG_OK)
        broken(w, "the top tape cannot be closed");
    w->updating = false;
    w->any_failed = w->any_failed || w->open[w->depth - 1].failed;
    const bool all_failed = w->depth == 1 && w->open[0].failed;
    for (int i = w->n; i-- > 0;)
        if (w->handle[i].tape == w->depth)
            forget(w, w->handle[i].t);
    w->depth--;
    if (all_failed && !was_updating && !w->written)
        check_owned(w);
}
