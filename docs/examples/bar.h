/* A bar that shows how far a run is, on a terminal; elsewhere nothing. */
#ifndef EXAMPLE_BAR_H
#define EXAMPLE_BAR_H

#include <stdio.h>
#include <unistd.h>

/* Drawn anew at each percent, in one line. What is printed next begins with bar_clear. */
static inline void bar_show(FILE *to, long long done, long long total)
{
    enum { WIDTH = 40 };
    static const char full[] = "########################################", empty[] = "                                        ";
    const int filled = (int)(done * WIDTH / total);
    if (done * 100 / total == (done - 1) * 100 / total || !isatty(fileno(to)))
        return;
    fprintf(to, "\r[%.*s%.*s] %3lld %%, step %lld of %lld", filled, full, WIDTH - filled, empty, done * 100 / total, done, total);
    fflush(to);
}

static inline void bar_clear(FILE *to)
{
    if (isatty(fileno(to)))
        fputs("\r\033[K", to), fflush(to);
}

#endif
