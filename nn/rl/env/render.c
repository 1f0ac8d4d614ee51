/* Episodes as animated SVG. All frames are in the file; each is visible for its part of the period, by one animation of CSS that begins at
   another time for each. */
#include "wengert/rl/render.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"

static const char op[] = "rl_render";

static wg_status check(const wg_rl_dynamics *d, int64_t n, const wg_rl_render_options *o)
{
    if (!d->draw)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected an environment with a function draw", op, d->name);
    if (!(d->view[2] > 0 && d->view[3] > 0 && isfinite(d->view[0] + d->view[1] + d->view[2] + d->view[3])))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected a view of a width and height above 0, got %g by %g", op, d->name,
                            d->view[2], d->view[3]);
    if (n < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected at least 1 state, got %lld", op, d->name, (long long)n);
    if (o->every < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .every of at least 1, got %lld", op, d->name, (long long)o->every);
    if (!(o->seconds > 0 && o->seconds <= 3600))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .seconds in (0, 3600], got %g", op, d->name, o->seconds);
    if (o->width < 16 || o->width > 16384)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .width from 16 to 16384, got %d", op, d->name, o->width);
    if (o->still < -1 || o->still >= n)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected .still from -1 to %lld, got %lld", op, d->name, (long long)n - 1,
                            (long long)o->still);
    return WG_OK;
}

static void write_escaped(const char *text, FILE *svg)
{
    for (; *text; text++)
        if (*text == '<')
            fputs("&lt;", svg);
        else if (*text == '&')
            fputs("&amp;", svg);
        else
            fputc(*text, svg);
}

/* The picture's frame and the animation. A frame begins its period at its own time: it has been running before the picture is seen. */
static void write_head(const wg_rl_dynamics *d, int64_t frames, const wg_rl_render_options *o, FILE *svg)
{
    const double *view = d->view;
    fprintf(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%g %g %g %g\" width=\"%d\" height=\"%.0f\" ", view[0],
            view[1], view[2], view[3], o->width, ceil(o->width * view[3] / view[2]));
    fprintf(svg, "font-family=\"sans-serif\" font-size=\"16\">\n<title>");
    write_escaped(d->name, svg);
    fprintf(svg, "</title>\n<style>.f{visibility:hidden;animation:f %gs step-end infinite}", (double)frames * o->seconds);
    fprintf(svg, "@keyframes f{0%%{visibility:visible}%.6g%%{visibility:hidden}}</style>\n", 100 / (double)frames);
    fprintf(svg, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#fff\"/>\n", view[0], view[1], view[2], view[3]);
}

static void write_frame(const wg_rl_dynamics *d, const void *state, int64_t at, int64_t frame, int64_t frames, bool still,
                        const wg_rl_render_options *o, FILE *svg)
{
    const double delay = (double)(frame - frames) * o->seconds, *view = d->view;
    fprintf(svg, "<g class=\"f\" style=\"%sanimation-delay:%.6gs\">", still ? "visibility:visible;" : "", delay);
    d->draw(d->self, state, svg);
    /* Programs do not draw letters well whose size is below 1. */
    fprintf(svg, "<text transform=\"translate(%g %g)scale(%g)\" fill=\"#888\">%lld</text></g>\n", view[0] + 0.02 * view[2],
            view[1] + 0.05 * view[2], view[2] / 400, (long long)at);
}

/* state: memory for one, which is aligned as draw may expect. */
static void write_all(const wg_rl_dynamics *d, const void *states, void *state, int64_t n, const wg_rl_render_options *o, FILE *svg)
{
    const int64_t frames = (n - 1) / o->every + 1, still = (o->still < 0 ? n / 2 : o->still) / o->every;
    write_head(d, frames, o, svg);
    for (int64_t frame = 0; frame < frames; frame++) {
        const int64_t at = frame * o->every;
        memcpy(state, (const char *)states + (size_t)at * d->state_size, d->state_size);
        write_frame(d, state, at, frame, frames, frame == still, o, svg);
    }
    fputs("</svg>\n", svg);
}

wg_status wg_rl_render_with(const wg_rl_env *env, const void *states, int64_t n, FILE *stream, wg_rl_render_options options)
{
    if (!env || !states || !stream)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, !env ? "environment is" : !states ? "states are" : "stream is");
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    WG_TRY(check(d, n, &options));
    void *state = malloc(d->state_size);
    const locale_t c = state ? newlocale(LC_ALL_MASK, "C", (locale_t)0) : (locale_t)0; /* a comma is no point */
    if (!c) {
        free(state);
        return wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, d->name);
    }
    const locale_t before = uselocale(c);
    write_all(d, states, state, n, &options, stream);
    uselocale(before);
    freelocale(c), free(state);
    if (fflush(stream) != 0 || ferror(stream))
        return wg_error_set(WG_E_IO, op, "%s: %s: the picture could not be written", op, d->name);
    return WG_OK;
}
