/* The picture of lifetimes: the page, and a bar for each of the largest values. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "microscope/graph/scan.h"
#include "microscope/graph/text.h"
#include "microscope/lifetime/lifetime_picture.h"

static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                      "#56b4e9", "#8c564b", "#7f7f7f", "#bcbd22", "#6a3d9a"};
enum { COLOURS = sizeof palette / sizeof *palette };
static const int colour_of_reason[WG_LIFETIME_END_REASONS] = {
    [WG_LIFETIME_LIVES] = 7, [WG_LIFETIME_RELEASED] = 2, [WG_LIFETIME_DONATED] = 3, [WG_LIFETIME_BACKWARD] = 0,
    [WG_LIFETIME_TAPE] = 1,  [WG_LIFETIME_COMMIT] = 4,   [WG_LIFETIME_KERNEL] = 5,  [WG_LIFETIME_ELSEWHERE] = 6};

struct picture {
    const wg_lifetime *l;
    FILE *out;
    wg_lifetime_svg_options options;
    size_t *shown; /* buffers that have a row, in the order of their births */
    size_t n_shown;
    size_t depth; /* of the sections whose colours are told apart */
    wg_lifetime_peak peak;
};

/* ---- names ---- */

static const char *op_of(const wg_lifetime *l, const wg_lifetime_buffer *buffer)
{
    return buffer->made_by == WG_LIFETIME_NONE ? "data" : l->step[buffer->made_by].op;
}

/* ---- colours ---- */

/* The section around this one, or itself, at the depth. */
static size_t ancestor(const wg_lifetime *l, size_t section, size_t depth)
{
    size_t at = section, deep = 0;
    for (; at != 0; at = l->section[at].parent)
        deep++;
    for (; deep > depth; deep--)
        section = l->section[section].parent;
    return section;
}

/* The smallest depth at which the shown buffers lie in different sections: a network is often in one section as a whole. */
static size_t telling_depth(const struct picture *p)
{
    for (size_t depth = 1; depth < 8; depth++)
        for (size_t i = 1; i < p->n_shown; i++) {
            const size_t first = p->l->buffer[p->shown[0]].section, other = p->l->buffer[p->shown[i]].section;
            if (first && other && ancestor(p->l, first, depth) != ancestor(p->l, other, depth))
                return depth;
        }
    return 1;
}

/* The number of what the bar's colour says: a reason or a section. */
static size_t group_of(const struct picture *p, const wg_lifetime_buffer *buffer)
{
    return p->options.colour == WG_LIFETIME_BY_REASON ? buffer->reason : ancestor(p->l, buffer->section, p->depth);
}

static const char *colour_of(const struct picture *p, size_t group)
{
    if (p->options.colour == WG_LIFETIME_BY_REASON)
        return palette[colour_of_reason[group]];
    return group == 0 ? "#7f7f7f" : palette[(group - 1) % COLOURS];
}

/* ---- which buffers ---- */

struct choice {
    size_t block, index;
};

static int larger_first(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    return x->block != y->block ? (x->block < y->block ? 1 : -1) : x->index < y->index ? -1 : 1;
}

static int older_first(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return *x < *y ? -1 : 1;
}

static wg_status choose(struct picture *p)
{
    const wg_lifetime *l = p->l;
    struct choice *choice = wg_object_new((l->n_buffers + 1) * sizeof *choice);
    size_t n = 0;
    p->shown = choice ? wg_object_new((size_t)p->options.rows * sizeof *p->shown) : NULL;
    for (size_t i = 0; p->shown && i < l->n_buffers; i++)
        if (l->buffer[i].kind == WG_LIFETIME_VALUE)
            choice[n++] = (struct choice){l->buffer[i].block, i};
    if (p->shown) {
        qsort(choice, n, sizeof *choice, larger_first);
        p->n_shown = n < (size_t)p->options.rows ? n : (size_t)p->options.rows;
        for (size_t i = 0; i < p->n_shown; i++)
            p->shown[i] = choice[i].index;
        qsort(p->shown, p->n_shown, sizeof *p->shown, older_first);
        p->depth = telling_depth(p);
    }
    wg_object_free(choice);
    return p->shown ? WG_OK : WG_E_MEMORY;
}

/* ---- the page ---- */

static int page_height(const struct picture *p)
{
    return ROWS_TOP + (int)p->n_shown * ROW + 90;
}

static void write_head(const struct picture *p)
{
    char a[32], b[32], c[32];
    FILE *out = p->out;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
            "font-size=\"11\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDTH, page_height(p), WIDTH, page_height(p));
    wg_svg_text(out, 24, 30, " font-size=\"18\" font-weight=\"bold\"");
    wg_markup_text(out, p->options.title[0] ? p->options.title : "Memory of a step");
    fputs("</text>\n", out);
    wg_svg_text(out, 24, 52, " font-size=\"13\"");
    const bool inside = wg_step_inside(p->l, p->peak.time) != WG_LIFETIME_NONE; /* a kernel's workspace */
    const size_t step = inside ? wg_step_inside(p->l, p->peak.time) : wg_steps_before(p->l, p->peak.time);
    fprintf(out, "Peak %s in blocks, of which %s were asked for", wg_bytes_text(p->peak.blocks, a, sizeof a),
            wg_bytes_text(p->peak.requested, b, sizeof b));
    if (step < p->l->n_steps) {
        fprintf(out, "; reached %s step %zu, ", inside ? "in" : "before", step);
        wg_markup_text(out, p->l->step[step].op);
    }
    fprintf(out, ". If each value died at its last use: %s.</text>\n", wg_bytes_text(p->peak.least_blocks, c, sizeof c));
}

/* Forward, backward and update as bands behind everything. */
static void write_parts(const struct picture *p)
{
    static const char *const colour[WG_COST_PARTS] = {"#f7f7f7", "#e9f1f9", "#fbf1e2"};
    const wg_lifetime *l = p->l;
    const int bottom = ROWS_TOP + (int)p->n_shown * ROW + 4;
    for (size_t first = 0, next; first < l->n_steps; first = next) {
        next = first + 1;
        while (next < l->n_steps && l->step[next].part == l->step[first].part)
            next++;
        const int x = wg_x_of_step(l, first), width = wg_x_of_step(l, next) - x;
        wg_svg_rectangle(p->out, x, CURVE_TOP - 18, width, bottom - CURVE_TOP + 18, colour[l->step[first].part], "/>\n");
        if (width > 6 * (int)strlen(wg_part_name[l->step[first].part])) {
            wg_svg_text(p->out, x + 4, CURVE_TOP - 6, "");
            fprintf(p->out, "%s</text>\n", wg_part_name[l->step[first].part]);
        }
    }
}

/* ---- bars ---- */

/* What one reads when pointing at a bar. */
static void write_hint(const struct picture *p, const wg_lifetime_buffer *buffer)
{
    const wg_lifetime *l = p->l;
    char shape[200];
    fputs("<title>", p->out);
    wg_markup_text(p->out, op_of(l, buffer));
    fprintf(p->out, " %s %s: %zu bytes in a block of %zu", wg_dtype_name(buffer->dtype),
            wg_shape_text(buffer->shape, shape, sizeof shape), buffer->requested, buffer->block);
    if (buffer->section) {
        fputs(", in ", p->out);
        wg_markup_text(p->out, l->section[buffer->section].path);
    }
    if (buffer->made_by != WG_LIFETIME_NONE)
        fprintf(p->out, "; made by step %zu", buffer->made_by);
    if (buffer->last_use != WG_LIFETIME_NONE) {
        fprintf(p->out, "; last used by step %zu, ", buffer->last_use);
        wg_markup_text(p->out, l->step[buffer->last_use].op);
    }
    fprintf(p->out, "; %s</title>", wg_lifetime_reason_name(buffer->reason));
}

static void write_label(const struct picture *p, const wg_lifetime_buffer *buffer, int y)
{
    char size[32], shape[200], text[300];
    snprintf(text, sizeof text, "%.20s %s", op_of(p->l, buffer), wg_shape_text(buffer->shape, shape, sizeof shape));
    if (strlen(text) > 30)
        strcpy(text + 27, "...");
    wg_svg_text(p->out, LEFT - 72, y + BAR - 2, " text-anchor=\"end\"");
    wg_markup_text(p->out, text);
    fputs("</text>\n", p->out);
    wg_svg_text(p->out, LEFT - 6, y + BAR - 2, " text-anchor=\"end\" fill=\"#666\"");
    fprintf(p->out, "%s</text>\n", wg_bytes_text((int64_t)buffer->block, size, sizeof size));
}

static void write_bar(const struct picture *p, const wg_lifetime_buffer *buffer, int y)
{
    const wg_lifetime *l = p->l;
    const char *colour = colour_of(p, group_of(p, buffer));
    const int from = wg_x_of_time(l, buffer->born),
              last = buffer->last_use == WG_LIFETIME_NONE ? from : wg_x_of_step(l, buffer->last_use + 1);
    const int died = wg_x_of_time(l, buffer->died), to = died > from + 2 ? died : from + 2,
              used = last < from + 2 ? from + 2
                     : last < to     ? last
                                     : to;
    fputs("<g>", p->out);
    write_hint(p, buffer);
    wg_svg_rectangle(p->out, from, y, to - from, BAR, colour, " fill-opacity=\".3\"/>");
    wg_svg_rectangle(p->out, from, y, used - from, BAR, colour, "/>");
    fputs("</g>\n", p->out);
    write_label(p, buffer, y);
}

static void write_key_entry(const struct picture *p, size_t group, int *x, int *y)
{
    const char *name = p->options.colour == WG_LIFETIME_BY_REASON ? wg_lifetime_reason_name((wg_lifetime_end_reason)group)
                       : group                                    ? p->l->section[group].path
                                                                  : "no section";
    const int width = 34 + 6 * (int)strlen(name);
    if (*x + width > LEFT + PLOT && *x > LEFT) {
        *x = LEFT;
        *y += 16;
    }
    wg_svg_rectangle(p->out, *x, *y, 12, 10, colour_of(p, group), "/>\n");
    wg_svg_text(p->out, *x + 16, *y + 9, "");
    wg_markup_text(p->out, name);
    fputs("</text>\n", p->out);
    *x += width;
}

/* The colours that occur, of up to 12 groups, in the order in which they occur. */
static void write_key(const struct picture *p, int y)
{
    enum { MOST = 12 };
    size_t known[MOST], n = 0;
    int x = LEFT;
    if (p->n_shown > 0) {
        wg_svg_text(p->out, LEFT - 6, y + 9, " text-anchor=\"end\"");
        fprintf(p->out, "%s</text>\n",
                p->options.colour == WG_LIFETIME_BY_REASON ? "why it died; pale: no longer used" : "section; pale: no longer used");
    }
    for (size_t i = 0; i < p->n_shown && n < MOST; i++) {
        const size_t group = group_of(p, &p->l->buffer[p->shown[i]]);
        size_t k = 0;
        while (k < n && known[k] != group)
            k++;
        if (k < n)
            continue;
        known[n++] = group;
        write_key_entry(p, group, &x, &y);
    }
}

static void write_rest(const struct picture *p, int y)
{
    char text[32];
    size_t n = 0;
    int64_t largest = 0;
    for (size_t i = 0; i < p->l->n_buffers; i++)
        n += p->l->buffer[i].kind == WG_LIFETIME_VALUE;
    if (n <= p->n_shown)
        return;
    for (size_t i = 0; i < p->n_shown; i++) {
        const int64_t block = (int64_t)p->l->buffer[p->shown[i]].block;
        largest = i == 0 || block < largest ? block : largest;
    }
    wg_svg_text(p->out, LEFT, y, " fill=\"#666\"");
    fprintf(p->out, "%zu more values, of at most %s each</text>\n", n - p->n_shown, wg_bytes_text(largest, text, sizeof text));
}

/* Numbers of steps below the bars, at most ten intervals of 1, 2 or 5 times a power of ten. */
static void write_step_numbers(const struct picture *p, int y)
{
    size_t every = 1;
    for (int next = 0; every * 10 < p->l->n_steps; next = (next + 1) % 3)
        every = next == 1 ? every / 2 * 5 : every * 2;
    wg_svg_text(p->out, LEFT - 6, y, " text-anchor=\"end\"");
    fputs("step</text>\n", p->out);
    for (size_t at = 0; at < p->l->n_steps && wg_x_of_step(p->l, at) < LEFT + PLOT - 20; at += every) {
        wg_svg_text(p->out, wg_x_of_step(p->l, at), y, "");
        fprintf(p->out, "%zu</text>\n", at);
    }
}

static wg_status write_page(const struct picture *p)
{
    write_head(p);
    write_parts(p);
    WG_TRY(wg_lifetime_write_curve(p->l, p->out, &p->peak));
    for (size_t i = 0; i < p->n_shown; i++)
        write_bar(p, &p->l->buffer[p->shown[i]], ROWS_TOP + (int)i * ROW);
    const int bottom = ROWS_TOP + (int)p->n_shown * ROW;
    write_step_numbers(p, bottom + 18);
    write_key(p, bottom + 34);
    write_rest(p, page_height(p) - 8);
    fputs("</svg>\n", p->out);
    return WG_OK;
}

wg_status wg_lifetime_write_svg_with(const wg_lifetime *l, FILE *stream, wg_lifetime_svg_options options)
{
    WG_OPERATION("lifetime_write_svg");
    const char *op = "lifetime_write_svg";
    if (!l || !stream || !options.title)
        return wg_fail(WG_E_NULL, op, "%s: the lifetimes, the stream or .title is NULL", op);
    if (options.rows < 1 || options.rows > MAX_ROWS)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected .rows in 1..%d, got %d", op, MAX_ROWS, options.rows);
    if (options.colour != WG_LIFETIME_BY_REASON && options.colour != WG_LIFETIME_BY_SECTION)
        return wg_fail(WG_E_ARGUMENT, op, "%s: %d is no .colour", op, (int)options.colour);
    struct picture p = {.l = l, .out = stream, .options = options};
    wg_status status = wg_lifetime_peak_of(l, &p.peak);
    if (status == WG_OK)
        status = choose(&p);
    if (status == WG_OK)
        status = write_page(&p);
    wg_object_free(p.shown);
    if (status == WG_OK && (fflush(stream) != 0 || ferror(stream)))
        status = wg_fail(WG_E_IO, op, "%s: writing to the stream failed", op);
    return status;
}
