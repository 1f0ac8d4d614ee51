/* The picture of lifetimes: bytes in use over the steps. */
#include "microscope/lifetime/lifetime_picture.h"

#include <string.h>

#include "core/arena.h"

static const char *const unit_name[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
enum { UNITS = sizeof unit_name / sizeof *unit_name };

/* The largest unit of which there is at least one. */
static int unit_of(int64_t bytes)
{
    int i = 0;
    for (; bytes >= 1024 && i < UNITS - 1; i++)
        bytes /= 1024;
    return i;
}

const char *wg_bytes_text(int64_t bytes, char *text, size_t size)
{
    const int i = unit_of(bytes);
    const int64_t unit = (int64_t)1 << 10 * i, hundredths = (100 * bytes + unit / 2) / unit,
                  tenths = (10 * bytes + unit / 2) / unit;
    if (i == 0 || tenths >= 1000)
        snprintf(text, size, "%lld %s", (long long)((bytes + unit / 2) / unit), unit_name[i]);
    else if (hundredths >= 1000)
        snprintf(text, size, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10), unit_name[i]);
    else
        snprintf(text, size, "%lld.%02lld %s", (long long)(hundredths / 100), (long long)(hundredths % 100), unit_name[i]);
    return text;
}

/* The highest level at each pixel of the plot: of all bytes; without workspace; without values, too; of what lived before the recording
   alone; and of the lower bound. */
struct curve {
    int64_t all[PLOT + 1], lasting[PLOT + 1], rest[PLOT + 1], before[PLOT + 1], least[PLOT + 1];
};

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void raise_curve(struct curve *curve, int x, const struct wg_lifetime_level *level)
{
    curve->all[x] = greater(curve->all[x], level->blocks);
    curve->lasting[x] = greater(curve->lasting[x], level->blocks - level->workspace);
    curve->rest[x] = greater(curve->rest[x], level->blocks - level->values);
    curve->before[x] = greater(curve->before[x], level->before);
    curve->least[x] = greater(curve->least[x], level->least_blocks);
}

/* Workspace lives while a kernel runs, between two pixels of the plot: it is drawn over the width of its step. */
static void widen(const wg_lifetime *l, struct curve *curve, size_t time, const struct wg_lifetime_level *level)
{
    const size_t step = wg_step_inside(l, time);
    if (step == WG_LIFETIME_NONE)
        return;
    for (int x = wg_x_of_step(l, step) - LEFT; x <= wg_x_of_step(l, step + 1) - LEFT; x++) {
        curve->all[x] = greater(curve->all[x], level->blocks);
        curve->least[x] = greater(curve->least[x], level->least_blocks);
    }
}

static void fill_curve(const wg_lifetime *l, const struct wg_lifetime_level *level, struct curve *curve)
{
    int last = 0;
    for (size_t time = 0; time <= l->n_times; time++) {
        const int x = time < l->n_times ? wg_x_of_time(l, time) - LEFT : PLOT;
        for (; last < x; last++) /* until the next event the level is as it was */
            raise_curve(curve, last + 1, &level[time ? time - 1 : 0]);
        raise_curve(curve, x, &level[time]);
        if (level[time].workspace > 0)
            widen(l, curve, time, &level[time]);
    }
}

static int y_of(int64_t bytes, int64_t top)
{
    return CURVE_TOP + CURVE - (int)((double)bytes / (double)(top ? top : 1) * CURVE);
}

static void write_area(FILE *out, const int64_t *bytes, int64_t top, const char *attributes, bool closed)
{
    fputs("<path d=\"", out);
    if (closed)
        fprintf(out, "M%d %d", LEFT, CURVE_TOP + CURVE);
    for (int x = 0; x <= PLOT; x++)
        fprintf(out, "%s%d %d", x || closed ? "L" : "M", LEFT + x, y_of(bytes[x], top));
    if (closed)
        fprintf(out, "L%d %dZ", LEFT + PLOT, CURVE_TOP + CURVE);
    fprintf(out, "\" %s/>\n", attributes);
}

/* At most five intervals, of 1, 2 or 5 times a power of ten, in the unit of the largest number or tenths of it. */
static void write_scale(FILE *out, int64_t top)
{
    const int i = unit_of(top);
    const int64_t unit = (int64_t)1 << 10 * i;
    int64_t tenths = i == 0 ? 10 : 1; /* of the unit, between two lines */
    for (int next = 0; tenths * 5 * unit < 10 * top; next = (next + 1) % 3)
        tenths = next == 1 ? tenths / 2 * 5 : tenths * 2; /* 1, 2, 5, 10, 20, 50 ... */
    for (int64_t at = 0; at * unit <= 10 * top; at += tenths) {
        const int y = y_of(at * unit / 10, top);
        fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#bbb\" stroke-width=\".5\"/>\n", LEFT, LEFT + PLOT, y,
                y);
        wg_svg_text(out, LEFT - 6, y + 4, " text-anchor=\"end\"");
        if (at == 0)
            fputs("0</text>\n", out);
        else if (at % 10 == 0)
            fprintf(out, "%lld %s</text>\n", (long long)(at / 10), unit_name[i]);
        else
            fprintf(out, "%lld.%lld %s</text>\n", (long long)(at / 10), (long long)(at % 10), unit_name[i]);
    }
}

/* A ring where the peak is, and its size beside it, on the side that has more space. */
static void write_peak(const wg_lifetime *l, FILE *out, const wg_lifetime_peak *peak)
{
    const size_t step = wg_step_inside(l, peak->time);
    const int x = step == WG_LIFETIME_NONE ? wg_x_of_time(l, peak->time) : (wg_x_of_step(l, step) + wg_x_of_step(l, step + 1)) / 2;
    const bool left = x > LEFT + PLOT / 2;
    char text[32];
    fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"#fff\" stroke=\"#222\" stroke-width=\"1.5\"/>\n", x, CURVE_TOP);
    const int beside = step == WG_LIFETIME_NONE ? 0 : (wg_x_of_step(l, step + 1) - wg_x_of_step(l, step)) / 2;
    wg_svg_text(out, left ? x - beside - 9 : x + beside + 9, CURVE_TOP + 6,
                left ? " text-anchor=\"end\" font-weight=\"bold\"" : " font-weight=\"bold\"");
    fprintf(out, "peak, %s</text>\n", wg_bytes_text(peak->blocks, text, sizeof text));
}

static const char *const colour[] = {"#e8a33d", "#8fb8de", "#b8b8b8", "#82b98f", "#b03060"};

static void write_curve_key(FILE *out)
{
    static const char *const name[] = {"workspace of kernels", "results and gradients", "tapes, handles",
                                       "earlier: parameters, optimizer, data", "if each value died at its last use"};
    int x = LEFT;
    for (int i = 0; i < 5; i++) {
        wg_svg_rectangle(out, x, CURVE_TOP + CURVE + (i < 4 ? 8 : 12), 12, i < 4 ? 10 : 2, colour[i], "/>\n");
        wg_svg_text(out, x + 16, CURVE_TOP + CURVE + 17, "");
        fprintf(out, "%s</text>\n", name[i]);
        x += 28 + 33 * (int)strlen(name[i]) / 5;
    }
}

wg_status wg_lifetime_write_curve(const wg_lifetime *l, FILE *out, const wg_lifetime_peak *peak)
{
    const int64_t top = peak->blocks;
    struct wg_lifetime_level *level = wg_lifetime_levels(l);
    struct curve *curve = level ? wg_object_new(sizeof *curve) : NULL;
    if (curve) {
        fill_curve(l, level, curve);
        const int64_t *const area[] = {curve->all, curve->lasting, curve->rest, curve->before};
        for (int i = 0; i < 4; i++) {
            char fill[32];
            snprintf(fill, sizeof fill, "fill=\"%s\"", colour[i]);
            write_area(out, area[i], top, fill, true);
        }
        write_area(out, curve->least, top, "fill=\"none\" stroke=\"#b03060\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\"", false);
        write_scale(out, top);
        write_peak(l, out, peak);
        write_curve_key(out);
    }
    wg_object_free(level);
    wg_object_free(curve);
    return curve ? WG_OK : WG_E_MEMORY;
}
