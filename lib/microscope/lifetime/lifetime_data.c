/* Lifetimes: the sections of a recording, and what its data say of the peak. */
#include "microscope/lifetime/lifetime_data.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "microscope/graph/numbers.h"

/* ---- sections ---- */

struct sections {
    const wg_section **source; /* all sections of the thread, in the order in which they were made: outer ones first */
    size_t *number;            /* of each; 0: it does not occur */
    struct wg_hash index;      /* by section */
    size_t n;
};

static wg_status list_sections(const struct wg_thread *th, struct sections *s)
{
    size_t n = 0;
    for (const wg_section *section = th->sections; section; section = section->next)
        n++;
    s->source = wg_object_new((n + 1) * sizeof *s->source);
    s->number = wg_object_new((n + 1) * sizeof *s->number);
    if (!s->source || !s->number)
        return WG_E_MEMORY;
    WG_TRY(wg_hash_reserve(&s->index, n + 1));
    s->n = n;
    for (const wg_section *section = th->sections; section; section = section->next) {
        s->source[--n] = section;
        *wg_number_of(&s->index, section) = (ptrdiff_t)n;
    }
    return WG_OK;
}

static size_t index_of(struct sections *s, const wg_section *section)
{
    return (size_t)*wg_number_of(&s->index, section);
}

/* Marks a section that occurs, and those around it. */
static void mark(struct sections *s, size_t address)
{
    for (const wg_section *at = (const wg_section *)(uintptr_t)address; at; at = at->parent)
        s->number[index_of(s, at)] = 1;
}

static size_t number_of(struct sections *s, size_t address)
{
    return address ? s->number[index_of(s, (const wg_section *)(uintptr_t)address)] : 0;
}

static size_t path_bytes(const wg_section *section)
{
    size_t bytes = 1;
    for (; section; section = section->parent)
        bytes += strlen(section->name) + 1;
    return bytes;
}

/* The table and, behind it, all paths, in one block. */
static wg_status make_table(struct wg_thread *th, struct sections *s, wg_lifetime *l)
{
    size_t n = 1, bytes = 1;
    for (size_t i = 0; i < s->n; i++)
        if (s->number[i]) {
            s->number[i] = n++;
            bytes += path_bytes(s->source[i]);
        }
    wg_lifetime_section *table = wg_memory_refuses(th) ? NULL : malloc(n * sizeof *table + bytes);
    if (!table)
        return WG_E_MEMORY;
    char *at = (char *)(table + n);
    table[0] = (wg_lifetime_section){at, 0};
    *at++ = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->number[i])
            continue;
        const wg_section *parent = s->source[i]->parent;
        const size_t outer = parent ? s->number[index_of(s, parent)] : 0;
        table[s->number[i]] = (wg_lifetime_section){at, outer};
        at = stpcpy(at, table[outer].path);
        if (outer)
            *at++ = '/';
        at = stpcpy(at, s->source[i]->name) + 1;
    }
    l->section = table;
    l->n_sections = n;
    return WG_OK;
}

static wg_status number_all(struct wg_thread *th, struct sections *s, wg_lifetime *l)
{
    wg_lifetime_step *step = (wg_lifetime_step *)(uintptr_t)l->step;
    wg_lifetime_buffer *buffer = (wg_lifetime_buffer *)(uintptr_t)l->buffer;
    WG_TRY(list_sections(th, s));
    for (size_t i = 0; i < l->n_steps; i++)
        mark(s, step[i].section);
    for (size_t i = 0; i < l->n_buffers; i++)
        mark(s, buffer[i].section);
    WG_TRY(make_table(th, s, l));
    for (size_t i = 0; i < l->n_steps; i++)
        step[i].section = number_of(s, step[i].section);
    for (size_t i = 0; i < l->n_buffers; i++)
        buffer[i].section = number_of(s, buffer[i].section);
    return WG_OK;
}

wg_status wg_lifetime_number_sections(struct wg_thread *th, wg_lifetime *l)
{
    struct sections s = {.n = 0};
    const wg_status status = number_all(th, &s, l);
    wg_object_free(s.source);
    wg_object_free(s.number);
    wg_hash_free(&s.index);
    return status;
}

void wg_lifetime_destroy(wg_lifetime *l)
{
    if (!l)
        return;
    free((void *)(uintptr_t)l->step);
    free((void *)(uintptr_t)l->buffer);
    free((void *)(uintptr_t)l->section);
    free(l);
}

const char *wg_lifetime_reason_name(wg_lifetime_end_reason reason)
{
    static const char *const names[] = {"lives on",
                                        "released by the caller",
                                        "donated",
                                        "freed by backward",
                                        "closed with its tape",
                                        "committed",
                                        "freed by its kernel",
                                        "freed by another thread"};
    return (unsigned)reason < WG_LIFETIME_END_REASONS ? names[reason] : "?";
}

/* ---- bytes in use over time ---- */

static void add(struct wg_lifetime_level *to, const wg_lifetime_buffer *buffer, int sign, bool real, bool least)
{
    const int64_t block = sign * (int64_t)buffer->block, requested = sign * (int64_t)buffer->requested;
    to->blocks += real ? block : 0;
    to->requested += real ? requested : 0;
    to->values += real && (buffer->kind == WG_LIFETIME_VALUE || buffer->kind == WG_LIFETIME_WORKSPACE) ? block : 0;
    to->workspace += real && buffer->kind == WG_LIFETIME_WORKSPACE ? block : 0;
    to->before += real && buffer->kind == WG_LIFETIME_EARLIER ? block : 0;
    to->least_blocks += least ? block : 0;
    to->least_requested += least ? requested : 0;
}

/* The time from which nobody needs the buffer's elements. */
static size_t not_needed_from(const wg_lifetime *l, const wg_lifetime_buffer *buffer)
{
    if (buffer->kind != WG_LIFETIME_VALUE || buffer->died == WG_LIFETIME_NONE)
        return buffer->died;
    const size_t from = buffer->last_use == WG_LIFETIME_NONE ? buffer->born + 1 : l->step[buffer->last_use].end;
    return from < buffer->died ? from : buffer->died;
}

/* Puts each change to its time. */
static void note_changes(const wg_lifetime *l, struct wg_lifetime_level *change)
{
    for (size_t i = 0; i < l->n_buffers; i++) {
        const wg_lifetime_buffer *buffer = &l->buffer[i];
        const size_t least = not_needed_from(l, buffer);
        if (buffer->kind != WG_LIFETIME_EARLIER)
            add(&change[buffer->born], buffer, 1, true, true);
        if (buffer->died != WG_LIFETIME_NONE)
            add(&change[buffer->died], buffer, -1, true, false);
        if (least != WG_LIFETIME_NONE)
            add(&change[least], buffer, -1, false, true);
    }
}

struct wg_lifetime_level *wg_lifetime_levels(const wg_lifetime *l)
{
    const int64_t base = l->live_before;
    struct wg_lifetime_level *level = wg_object_new((l->n_times + 1) * sizeof *level),
                             now = {base, base, base, base, .before = base};
    if (!level)
        return NULL;
    note_changes(l, level);
    for (size_t time = 0; time <= l->n_times; time++) {
        now.blocks += level[time].blocks;
        now.requested += level[time].requested;
        now.values += level[time].values;
        now.workspace += level[time].workspace;
        now.before += level[time].before;
        now.least_blocks += level[time].least_blocks;
        now.least_requested += level[time].least_requested;
        level[time] = now;
    }
    return level;
}

/* ---- the peak ---- */

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

wg_status wg_lifetime_peak_of(const wg_lifetime *l, wg_lifetime_peak *peak)
{
    WG_OPERATION("lifetime_peak_of");
    if (!l || !peak)
        return wg_fail(WG_E_NULL, "lifetime_peak_of", "lifetime_peak_of: an argument is NULL");
    struct wg_lifetime_level *level = wg_lifetime_levels(l);
    if (!level)
        return WG_E_MEMORY;
    const int64_t base = l->live_before;
    *peak = (wg_lifetime_peak){base, base, base, base, 0, 0};
    for (size_t time = 0; time < l->n_times; time++) {
        peak->time = level[time].blocks > peak->blocks ? time : peak->time;
        peak->blocks = greater(peak->blocks, level[time].blocks);
        peak->requested = greater(peak->requested, level[time].requested);
        peak->least_blocks = greater(peak->least_blocks, level[time].least_blocks);
        peak->least_requested = greater(peak->least_requested, level[time].least_requested);
        peak->values = greater(peak->values, level[time].values);
    }
    wg_object_free(level);
    return WG_OK;
}
