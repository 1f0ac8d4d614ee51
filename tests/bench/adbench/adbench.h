/* What the ADBench problems share: CPU time, random numbers, and checks in TAP. Each program prints a table of times (the script
   run calls all of them). Called with check, it compares small problems with the same objective in plain C and with central
   differences. */
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

struct times {
    double hand, eager, replayed;
};

/* Lowers `seconds` to the minimal CPU time of a statement over several more runs. */
#define LEAST(seconds, ...)                                              \
    do {                                                                 \
        const double began_ = cpu_seconds();                             \
        double start_ = began_, now_ = began_;                           \
        for (int run_ = 0; run_ < 200 && now_ < began_ + 0.05; run_++) { \
            start_ = cpu_seconds();                                      \
            __VA_ARGS__;                                                 \
            now_ = cpu_seconds();                                        \
            (seconds) = fmin((seconds), now_ - start_);                  \
        }                                                                \
    } while (0)

/* The minimal CPU times of the objective in plain C, the gradient and the replayed gradient. They alternate, so that all run at
   the same clock rate. */
#define TAKE_TURNS(times, first, second, third)                 \
    do {                                                        \
        (times) = (struct times){INFINITY, INFINITY, INFINITY}; \
        for (int turn_ = 0; turn_ < 8; turn_++) {               \
            LEAST((times).hand, first);                         \
            LEAST((times).eager, second);                       \
            LEAST((times).replayed, third);                     \
        }                                                       \
    } while (0)

static inline void print_times(const char *size, struct times t, double goal)
{
    printf("%-24s %12.4f %12.4f %12.4f %8.2f %8.2f %6g\n", size, 1e3 * t.hand, 1e3 * t.eager, 1e3 * t.replayed, t.eager / t.hand,
           t.replayed / t.hand, goal);
    fflush(stdout);
}

static inline void print_head(const char *problem)
{
    printf("%s: f64, 1 thread, least CPU time of the objective in plain C, of the derivative and of the replayed one\n", problem);
    printf("%-24s %12s %12s %12s %8s %8s %6s\n", "size", "by hand/ms", "eager/ms", "replayed/ms", "ratio", "replayed", "goal");
}

/* Prints one line of TAP: got = want to a relative error, absolute if |want| is below 1. */
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

/* Ends the program if the library failed. */
static inline void must(bool ok)
{
    if (!ok) {
        wg_error_report(stderr);
        exit(2);
    }
}

/* Uniform in -1 to 1, from a sequence that is the same on every machine. */
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
