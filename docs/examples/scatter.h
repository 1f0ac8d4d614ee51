/* Pictures of samples in the plane, as SVG: panels side by side, or one panel that shows one frame after another. */
#ifndef EXAMPLE_SCATTER_H
#define EXAMPLE_SCATTER_H

#include <stdbool.h>
#include <stdio.h>

#include <wengert.h>

enum { PANEL = 200, HEADING = 24, SECONDS_OF_FRAME = 1, SHOWN = 600 };

struct scatter {
    FILE *file;
    double edge; /* coordinates from -edge to edge are shown */
    bool animated;
    int panels, drawn;
};

/* file is NULL where it cannot be written: then the other functions do nothing. */
static inline struct scatter scatter_begin(const char *path, double edge, int panels, bool animated)
{
    const struct scatter s = {path ? fopen(path, "w") : NULL, edge, animated, panels, 0};
    const int width = (animated ? 1 : panels) * PANEL;
    if (s.file)
        fprintf(
            s.file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
            "font-size=\"13\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            width, PANEL + HEADING, width, PANEL + HEADING);
    return s;
}

static inline double scatter_place(const struct scatter *s, double coordinate)
{
    return PANEL * (0.5 + 0.5 * coordinate / s->edge);
}

/* A panel with the first of the points (n, 2), f32, and the centres of a mixture, f64 (k, 2), as rings. */
static inline void scatter_panel(struct scatter *s, const char *title, const wg_tensor *points, const wg_tensor *centres)
{
    const float *xy = wg_data(points);
    const double *centre = wg_data(centres);
    if (!s->file || !xy || !centre)
        return;
    fprintf(s->file, "<svg x=\"%d\" width=\"%d\" height=\"%d\">\n<g%s>\n", s->animated ? 0 : s->drawn * PANEL, PANEL,
            PANEL + HEADING,
            s->animated && s->drawn + 1 < s->panels ? " opacity=\"0\"" : ""); /* a viewer without films shows the last */
    if (s->animated)                                                          /* visible in its own part of the film */
        fprintf(
            s->file,
            "<animate attributeName=\"opacity\" dur=\"%ds\" repeatCount=\"indefinite\" calcMode=\"discrete\" values=\"0;1;0\" keyTimes=\"0;%g;%g\"/>\n",
            s->panels * SECONDS_OF_FRAME, (double)s->drawn / s->panels, (s->drawn + 1.0) / s->panels);
    fprintf(s->file, "<text x=\"8\" y=\"17\">%s</text>\n<g fill=\"none\" stroke=\"#bbb\">", title);
    for (int64_t i = 0; i < wg_extent(centres, 0); i++)
        fprintf(s->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>", scatter_place(s, centre[2 * i]),
                HEADING + scatter_place(s, -centre[2 * i + 1]));
    fprintf(s->file, "</g>\n<path stroke=\"#1b6ec2\" stroke-width=\"2\" stroke-linecap=\"round\" d=\"");
    for (int64_t i = 0; i < wg_extent(points, 0) && i < SHOWN; i++)
        fprintf(s->file, "M%.1f %.1fh0", scatter_place(s, (double)xy[2 * i]), HEADING + scatter_place(s, -(double)xy[2 * i + 1]));
    fprintf(s->file, "\"/>\n</g>\n</svg>\n");
    s->drawn++;
}

static inline wg_status scatter_end(struct scatter *s, const char *path)
{
    if (!path)
        return WG_OK;
    if (s->file)
        fprintf(s->file, "</svg>\n");
    const bool written = s->file && ferror(s->file) == 0;
    if (s->file && fclose(s->file) == 0 && written)
        return WG_OK;
    return wg_error_set(WG_E_IO, "scatter", "scatter: cannot write %s", path);
}

#endif
