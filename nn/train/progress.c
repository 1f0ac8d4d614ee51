/* Progress of a training run, on the stream that the program gave. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "train.h"

enum { BAR = 20, LINES = 20 };

static double between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + 1e-9 * (double)(to->tv_nsec - from->tv_nsec);
}

void progress_begin(struct progress *p, FILE *to, wg_train_terminal terminal, int64_t first, int64_t epochs, int64_t per_epoch)
{
    *p = (struct progress){.to = to, .first = first, .epochs = epochs, .per_epoch = per_epoch};
    if (to)
        p->terminal = terminal == WG_TRAIN_TERMINAL_YES || (terminal == WG_TRAIN_TERMINAL_ASK && isatty(fileno(to)) == 1);
    (void)clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->drawn = p->start;
}

/* "[####    ] ", drawn over the line that is there. */
static void draw_bar(struct progress *p, double share)
{
    const int filled = (int)(share * BAR);
    fprintf(p->to, "\r[%.*s%*s] ", filled, "####################", BAR - filled, "");
}

/* Cuts the line to what is beside the bar, since a line that the terminal breaks is not drawn over; not within a character of UTF-8. */
static void fit(struct progress *p)
{
    struct winsize size;
    if (ioctl(fileno(p->to), TIOCGWINSZ, &size) != 0 || size.ws_col <= BAR + 4)
        return;
    size_t n = (size_t)size.ws_col - BAR - 4;
    if (strlen(p->line) <= n)
        return;
    while (n > 0 && ((unsigned char)p->line[n] & 0xc0) == 0x80)
        n--;
    p->line[n] = 0;
}

void progress_batch(struct progress *p, int64_t epoch, int64_t batch, int64_t rows)
{
    struct timespec now;
    p->rows += rows;
    if (!p->terminal || clock_gettime(CLOCK_MONOTONIC, &now) != 0 || between(&p->drawn, &now) < 0.1)
        return;
    p->drawn = now;
    p->open = true;
    draw_bar(p, ((double)epoch + (double)batch / (double)p->per_epoch) / (double)p->epochs);
    fprintf(p->to, "epoch %lld/%lld, batch %lld/%lld\033[K", (long long)epoch + 1, (long long)p->epochs, (long long)batch,
            (long long)p->per_epoch);
    fflush(p->to);
}

/* "epoch 3/10: loss 0.4213, accuracy 0.91; 1234 rows/s, 12 s left", cut to the line's size. */
static void write_line(struct progress *p, const wg_train_report *report)
{
    struct timespec now = p->start;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const double seconds = between(&p->start, &now), done = (double)(report->epoch - p->first);
    size_t used = 0, size = sizeof p->line;
    used += (size_t)snprintf(p->line, size, "epoch %lld/%lld", (long long)report->epoch, (long long)p->epochs);
    for (size_t i = 1; i < report->n && used < size; i++) /* all but the rate */
        used += (size_t)snprintf(p->line + used, size - used, "%s %s %.4g", i == 1 ? ":" : ",", report->value[i].name,
                                 report->value[i].value);
    if (used < size && seconds > 0)
        (void)snprintf(p->line + used, size - used, "; %.0f rows/s, %.0f s left", (double)p->rows / seconds,
                       seconds / done * (double)(p->epochs - report->epoch));
}

void progress_epoch(struct progress *p, const wg_train_report *report)
{
    const int64_t every = (p->epochs + LINES - 1) / LINES;
    if (!p->to)
        return;
    write_line(p, report);
    if (p->terminal) {
        fit(p);
        draw_bar(p, (double)report->epoch / (double)p->epochs);
        fprintf(p->to, "%s\033[K", p->line);
        p->open = true;
    } else if (report->epoch == p->first + 1 || report->epoch == p->epochs || report->epoch % every == 0) {
        fprintf(p->to, "%s\n", p->line);
    } else {
        return; /* it is written by progress_end if it is the last */
    }
    p->line[0] = 0;
    fflush(p->to);
}

void progress_end(struct progress *p, const char *why)
{
    if (!p->to)
        return;
    if (p->open)
        fputc('\n', p->to);
    if (p->line[0])
        fprintf(p->to, "%s\n", p->line);
    if (why)
        fprintf(p->to, "%s\n", why);
    fflush(p->to);
}
