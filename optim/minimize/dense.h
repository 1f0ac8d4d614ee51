/* Small dense matrices, row by row. A factorization that fails is an ordinary outcome here and records no error, which is why it is not
   wg_cholesky. */
#ifndef OPTIM_MINIMIZE_DENSE_H
#define OPTIM_MINIMIZE_DENSE_H

#include "kind.h"

/* The lower triangle of a ← L with L Lᵀ = a. False, and a is spoilt: a is not positive definite. Cost: n³/3. */
bool cholesky(double *a, int64_t n);

/* x ← (L Lᵀ)⁻¹ x */
void cholesky_solve(const double *l, double *x, int64_t n);

/* d ← -(a + τ I)⁻¹ g with τ = damping if that is positive definite, else the first of growing values that makes it so. False: none
   does, for an element of a is not finite. factor: n² doubles. */
bool damped_solve(const double *a, double damping, const double *g, double *d, double *factor, int64_t n);

/* H at the evaluation that is open, by n products; symmetric to the last bit. */
wg_status work_hessian(struct work *w, double *h);

#endif
