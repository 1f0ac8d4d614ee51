/* Orthogonalisation by Newton-Schulz iterations, which Muon and MARS-Shampoo share. Source: Jordan et al., 2024. */
#ifndef OPTIM_ORTHOGONAL_H
#define OPTIM_ORTHOGONAL_H

#include "rule.h"

/* Of u as a matrix (first axis, all others): all singular values brought near 1, in u's shape. It is u/(‖u‖ + eps), transposed if
   it has more rows than columns, after five times x ← a x + (b s + c s²) x, s = x xᵀ. */
wg_tensor *orthogonal_factor(const struct step *s, wg_tensor *u, double eps);

/* √max(1, rows/columns) */
double orthogonal_scale(const wg_tensor *p);

#endif
