/* What the distances of samples share: checks of points and weights, and a value that is made on a tape. */
#ifndef NN_TRANSPORT_H
#define NN_TRANSPORT_H

#include "wengert/tensor.h"

/* One call of a distance. weights: WG_NONE if each point has the same share. */
struct transport_call {
    const char *op;
    wg_tensor *x, *y, *weights_x, *weights_y;
    const void *options;
    wg_tensor *(*value)(const struct transport_call *call); /* by ops, on the open tape */
};

/* ---- points.c ---- */

/* Checks the points, which are of that rank, then the weights, and computes the value: on the open tape, or the caller's. Errors of ops get
   the name of the distance. */
wg_tensor *transport_run(const struct transport_call *call, int rank);
/* WG_OK if weights are WG_NONE or a vector of n of that dtype. */
wg_status transport_check_weights(const wg_tensor *weights, int64_t n, wg_dtype dtype, const char *op, const char *name);
/* The weights of x or y, checked by ops, so that each run of a replay checks those of that run. WG_NONE gives WG_NONE. */
wg_tensor *transport_expected_weights(wg_tensor *weights, bool of_y);
/* WG_OK if low ≤ value ≤ high; else an error that names the option. */
wg_status transport_check_option(const char *op, const char *name, double value, double low, double high);
wg_tensor *transport_cost(wg_tensor *x, wg_tensor *y, double p); /* |x_i - y_j|ᵖ */
wg_tensor *transport_root(wg_tensor *sum, double p);             /* sum^{1/p} of a scalar, with gradient 0 at 0 */
/* Points in a unit in which p-th powers of their distances are numbers of the dtype, and that unit, a constant: 1, and the points themselves,
   where they are as they are. A distance of the scaled points times the unit is that of the points. */
struct transport_scaled {
    wg_tensor *x, *y, *unit;
};
struct transport_scaled transport_scale(wg_tensor *x, wg_tensor *y, double p);
/* The weights of n points: those that are given, or 1/n each. */
wg_tensor *transport_weights(wg_tensor *weights, int64_t n, wg_dtype dtype);

/* ---- glpk.c, or glpk_missing.c ---- */

/* min Σ plan cost, with rows of the plan that sum to a and columns that sum to b. All arrays are row-major; cost is finite, a and b sum to the
   same and are not negative. Fills plan (n,m) and the potentials f of the rows. */
struct transport_problem {
    int64_t n, m;
    const double *cost, *a, *b;
    double *plan, *f;
};
wg_status transport_minimize(const struct transport_problem *problem, const char *op);

#endif
