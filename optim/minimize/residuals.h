/* Least squares: residuals, their Jacobian, and the linear problem of a step. */
#ifndef OPTIM_MINIMIZE_RESIDUALS_H
#define OPTIM_MINIMIZE_RESIDUALS_H

#include "kind.h"

struct residuals {
    struct work *w;
    int64_t m, n;
    double *r, *j, *g, *d; /* (m), (m, n); Jᵀr and the step, (n) */
    double *system;        /* (m + n, n + 1), of residuals_solve */
};

/* f, residuals, Jacobian and gradient where the call begins. */
wg_status residuals_first(struct residuals *l, struct work *w, double *f);

/* r, J and g at the evaluation that is open. */
wg_status residuals_linearize(struct residuals *l);

/* d = argmin ‖J d + r‖² + Σ (weight[i] d[i])². weight NULL: none, which requires m ≥ n. *full is false, and d of no use, if the matrix has
   not full rank to about 1e-13. */
wg_status residuals_solve(struct residuals *l, const double *weight, bool *full);

/* How much the model ‖J d + r‖²/2 is below f by d. */
double residuals_decrease(const struct residuals *l, double f);

#endif
