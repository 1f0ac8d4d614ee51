/* The parameters of truncated_normal, and what its kernels compute from them once. Compiles as C++ too. */
#ifndef WG_TRUNCATED_H
#define WG_TRUNCATED_H

#include <math.h>

#include "ops/random/draw.h"

/* draw: a is the mean, b the deviation. */
struct wg_truncated_params {
    struct wg_draw_params draw;
    double low, high;
};

/* Probabilities of the normal distribution: below low, above high, and inside. median: the share of what is inside that lies below the
   mean; outside of 0 … 1 if the mean lies outside. */
struct wg_truncation {
    double mean, deviation, low, high, below, above, inside, median;
};

static inline struct wg_truncation wg_truncation_of(const struct wg_truncated_params *p)
{
    const double root = 0.70710678118654752440, mean = p->draw.a, deviation = p->draw.b; /* root: √½ */
    const double a = (p->low - mean) / deviation * root, b = (p->high - mean) / deviation * root;
    struct wg_truncation t;
    t.mean = mean;
    t.deviation = deviation;
    t.low = p->low;
    t.high = p->high;
    t.below = 0.5 * erfc(-a);
    t.above = 0.5 * erfc(b);
    /* the difference of two tails where the interval is in one, and of two values of erf around the mean: neither cancels */
    t.inside = a > 0 ? 0.5 * (erfc(a) - erfc(b)) : b < 0 ? 0.5 * (erfc(-b) - erfc(-a)) : 0.5 * (erf(b) - erf(a));
    t.median = (0.5 - t.below) / t.inside;
    return t;
}

#endif
