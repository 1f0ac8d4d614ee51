/* The picture of lifetimes: where things lie on the page, and what its parts share. Coordinates are whole pixels, since the decimal point
   of printf depends on the locale. */
#ifndef WG_LIFETIME_PICTURE_H
#define WG_LIFETIME_PICTURE_H

#include "microscope/lifetime/lifetime_data.h"

/* The page, in pixels: a column of labels at the left, the plot beside it; the curve above, rows of bars below. */
enum { WIDTH = 1280, LEFT = 250, PLOT = 1000, CURVE_TOP = 92, CURVE = 170, ROWS_TOP = 296, ROW = 14, BAR = 11, MAX_ROWS = 500 };

/* How many steps began before the time. */
static inline size_t wg_steps_before(const wg_lifetime *l, size_t time)
{
    size_t low = 0, high = l->n_steps;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (l->step[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline int wg_x_of_step(const wg_lifetime *l, size_t step)
{
    return LEFT + (int)(step * PLOT / (l->n_steps ? l->n_steps : 1));
}

static inline int wg_x_of_time(const wg_lifetime *l, size_t time)
{
    return time == WG_LIFETIME_NONE ? LEFT + PLOT : wg_x_of_step(l, wg_steps_before(l, time));
}

/* The step whose kernel runs at the time, or WG_LIFETIME_NONE. */
static inline size_t wg_step_inside(const wg_lifetime *l, size_t time)
{
    const size_t next = wg_steps_before(l, time);
    return next > 0 && time < l->step[next - 1].end ? next - 1 : WG_LIFETIME_NONE;
}

static inline void wg_svg_text(FILE *out, int x, int y, const char *attributes)
{
    fprintf(out, "<text x=\"%d\" y=\"%d\"%s>", x, y, attributes);
}

static inline void wg_svg_rectangle(FILE *out, int x, int y, int width, int height, const char *colour, const char *attributes)
{
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"%s", x, y, width, height, colour, attributes);
}

/* A number of bytes with three digits, "1.50 MiB", in text; returns text. */
const char *wg_bytes_text(int64_t bytes, char *text, size_t size);

/* Writes the bytes in use over the steps by kind of buffer, the peak, and what the colours mean. E_MEMORY. */
wg_status wg_lifetime_write_curve(const wg_lifetime *l, FILE *out, const wg_lifetime_peak *peak);

#endif
