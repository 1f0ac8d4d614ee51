/* What the programs here share: a right value beside what came out, one line of TAP each, and an exit status that says whether all agreed. */
#ifndef CASE_H
#define CASE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

static int case_lines, case_failures;

static inline void is_(const char *what, int ok)
{
    case_failures += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", ++case_lines, what);
}

/* got = want to within that absolute error; a NaN agrees only with a NaN. */
static inline void within_(const char *what, double got, double want, double error)
{
    char line[200];
    snprintf(line, sizeof line, "%s: got %.10g, expected %.10g", what, got, want);
    is_(line, (isnan(want) && isnan(got)) || got == want || fabs(got - want) <= error);
}

/* Within tol, absolute for values up to 1 and relative beyond. */
static inline void near_(const char *what, double got, double want, double tol)
{
    within_(what, got, want, tol * fmax(1, fabs(want)));
}

/* Within tol, relative. */
static inline void rel_(const char *what, double got, double want, double tol)
{
    within_(what, got, want, tol * fabs(want));
}

/* The thread's first error, shown and taken. */
static inline void error_(const char *what)
{
    const wg_error *e = wg_error_first();
    printf("# %s: %s %s\n", what, e ? wg_status_name(e->code) : "no error", e ? e->message : "");
    wg_error_take(NULL);
}

/* Element i of a tensor of at most 256 elements, or NaN. */
static inline double at_(wg_tensor *t, int64_t i)
{
    double d[256];
    float f[256];
    int64_t n[256];
    if (!t || wg_numel(t) > 256)
        return NAN;
    switch (wg_dtype_of(t)) {
    case WG_F64:
        return wg_read(t, d) == WG_OK ? d[i] : NAN;
    case WG_F32:
        return wg_read(t, f) == WG_OK ? (double)f[i] : NAN;
    case WG_I64:
        return wg_read(t, n) == WG_OK ? (double)n[i] : NAN;
    default:
        return NAN;
    }
}

static inline int end_(void)
{
    printf("1..%d\n", case_lines);
    return case_failures != 0;
}

#define D(...)      \
    (double[])      \
    {               \
        __VA_ARGS__ \
    }
#define F(...)      \
    (float[])       \
    {               \
        __VA_ARGS__ \
    }
#define I(...)      \
    (int64_t[])     \
    {               \
        __VA_ARGS__ \
    }

#endif
