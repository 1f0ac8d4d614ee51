/* The picture of lifetimes: bytes in use over the steps. */
#include "microscope/lifetime/lifetime_picture.h"

#include <string.h>

#include "core/arena.h"

const char *wg_bytes_text(int64_t bytes, char *text, size_t size)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int64_t tenths = 10 * bytes;
    int i = 0;
    for (; tenths >= 10240 && i < 4; i++)
        tenths /= 1024;
    if (i == 0 || tenths >= 1000)
        snprintf(text, size, "%lld %s", (long long)(tenths / 10), unit[i]);
    else
        snprintf(text, size, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10), unit[i]);
    return text;
}

/* The highest level at each pixel of the plot: of all bytes, of those that are neither values nor workspace, and of the lower bound. */
struct curve {
    int64_t all[PLOT + 1], rest[PLOT + 1], least[PLOT + 1];
};

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void fill_curve(const wg_lifetime *l, const struct wg_lifetime_level *level, struct curve *curve)
{
    int last = 0;
    for (size_t time = 0; time <= l->n_times; time++) {
        const int x = time < l->n_times ? wg_x_of_time(l, time) - LEFT : PLOT;
        for (; last < x; last++) { /* until the next event the level is as it was */
            const struct wg_lifetime_level *before = &level[time ? time - 1 : 0];
            curve->all[last + 1] = before->blocks;
            curve->rest[last + 1] = before->blocks - before->values;
            curve->least[last + 1] = before->least_blocks;
        }
        curve->all[x] = greater(curve->all[x], level[time].blocks);
        curve->rest[x] = greater(curve->rest[x], level[time].blocks - level[time].values);
        curve->least[x] = greater(curve->least[x], level[time].least_blocks);
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

static void write_scale(FILE *out, int64_t top)
{
    char text[32];
    for (int i = 0; i <= 4; i++) {
        const int64_t bytes = top / 4 * i;
        fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"#bbb\" stroke-width=\".5\"/>\n", LEFT, LEFT + PLOT,
                y_of(bytes, top), y_of(bytes, top));
        wg_svg_text(out, LEFT - 6, y_of(bytes, top) + 4, " text-anchor=\"end\"");
        fprintf(out, "%s</text>\n", wg_bytes_text(bytes, text, sizeof text));
    }
}

static void write_curve_key(FILE *out)
{
    static const char *const name[] = {"values and workspace", "tapes, handles, and what lived before",
                                       "if each value died at its last use"};
    static const char *const colour[] = {"#8fb8de", "#b8b8b8", "#b03060"};
    int x = LEFT;
    for (int i = 0; i < 3; i++) {
        wg_svg_rectangle(out, x, CURVE_TOP + CURVE + 8, 12, i < 2 ? 10 : 2, colour[i], "/>\n");
        wg_svg_text(out, x + 16, CURVE_TOP + CURVE + 17, "");
        fprintf(out, "%s</text>\n", name[i]);
        x += 40 + 6 * (int)strlen(name[i]);
    }
}

wg_status wg_lifetime_write_curve(const wg_lifetime *l, FILE *out, int64_t top)
{
    struct wg_lifetime_level *level = wg_lifetime_levels(l);
    struct curve *curve = level ? wg_object_new(sizeof *curve) : NULL;
    if (curve) {
        fill_curve(l, level, curve);
        write_area(out, curve->all, top, "fill=\"#8fb8de\"", true);
        write_area(out, curve->rest, top, "fill=\"#b8b8b8\"", true);
        write_area(out, curve->least, top, "fill=\"none\" stroke=\"#b03060\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\"", false);
        write_scale(out, top);
        write_curve_key(out);
    }
    wg_object_free(level);
    wg_object_free(curve);
    return curve ? WG_OK : WG_E_MEMORY;
}
