/* What the problems here share: CPU time, random numbers, and checks in TAP. Each program prints a table of times, or, called with
   check, compares small problems with the same objective in plain C and with central differences. */
#ifndef ADBENCH_H
#define ADBENCH_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wengert.h>

static int lines, failures;

static inline double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The least CPU time of a statement: at least three runs, and more until half a second is spent. */
#define LEAST(seconds, ...)                                                     \
    do {                                                                        \
        double spent_ = 0;                                                      \
        (seconds) = INFINITY;                                                   \
        for (int run_ = 0; run_ < 3 || (spent_ < 0.5 && run_ < 1000); run_++) { \
            const double start_ = cpu_seconds();                                \
            __VA_ARGS__;                                                        \
            const double took_ = cpu_seconds() - start_;                        \
            spent_ += took_;                                                    \
            (seconds) = took_ < (seconds) ? took_ : (seconds);                  \
        }                                                                       \
    } while (0)

/* One line of TAP: got = want to a relative error, absolute below 1. */
static inline void agree(const char *what, double got, double want, double tolerance)
{
    const bool ok = fabs(got - want) <= tolerance * fmax(1, fabs(want));
    failures += !ok;
    printf("%sok %d - %s: %.12g, expected %.12g\n", ok ? "" : "not ", ++lines, what, got, want);
}

static inline int finish(void)
{
    printf("1..%d\n", lines);
    return failures != 0;
}

/* Ends the program where the library failed. */
static inline void must(bool ok)
{
    if (!ok) {
        wg_report(stderr);
        exit(2);
    }
}

/* Uniform in -1 to 1, from a sequence that is the same everywhere. */
static inline double uniform_number(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-52 - 1;
}

static inline double *numbers(size_t n, double middle, double reach)
{
    double *x = malloc((n ? n : 1) * sizeof *x);
    must(x != NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = middle + reach * uniform_number();
    return x;
}

#endif
