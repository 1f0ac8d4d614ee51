/* What the studies of regions share: hyperplanes w_i·x = c_i, i = 0 … n - 1, in d dimensions. */
#ifndef WG_STUDIES_ARRANGEMENT_H
#define WG_STUDIES_ARRANGEMENT_H

#include <stdbool.h>

#include <wengert.h>

enum { MAX_DIMENSION = 4, MAX_PLANES = 8, MAX_CORNER_POINTS = 70 * 16 };

/* Hyperplanes with normally distributed weights and offsets. through_origin: all offsets are 0. */
struct arrangement {
    int n, d;
    double w[MAX_PLANES][MAX_DIMENSION], c[MAX_PLANES];
};
bool draw_arrangement(struct arrangement *planes, int n, int d, uint64_t seed, bool through_origin);

/* Bit i: x is on the positive side of hyperplane i. Points with the same code are in one region, which is convex. */
unsigned code_of(const struct arrangement *planes, const double *x);

/* Points beside each corner, where d of the n ≥ d hyperplanes meet: one in each of the 2ᵈ regions around it. In general position each
   region has a corner, so all regions have a point here. Returns the number of points; -1: failure, the library's first error. */
int corner_points(const struct arrangement *planes, double points[MAX_CORNER_POINTS][MAX_DIMENSION]);

/* Marks in seen[2ⁿ] the codes of these points, and returns how many there are. */
int count_codes(const struct arrangement *planes, double points[][MAX_DIMENSION], int n_points, bool *seen);

#endif
