/* Vectors of doubles. */
#ifndef OPTIM_MINIMIZE_VECTOR_H
#define OPTIM_MINIMIZE_VECTOR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double dot(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static inline double norm2(const double *x, int64_t n)
{
    return sqrt(dot(x, x, n));
}

/* NaN if an element is. */
static inline double max_abs(const double *x, int64_t n)
{
    double max = 0;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= max))
            max = isnan(max) ? max : fabs(x[i]);
    return max;
}

static inline double sum_abs(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum;
}

/* y ← a x + b y */
static inline void combine(double a, const double *x, double b, double *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * y[i];
}

static inline void copy(double *to, const double *from, int64_t n)
{
    memcpy(to, from, (size_t)n * sizeof *to);
}

#endif
