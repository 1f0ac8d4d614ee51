/* Krylov subspaces of a Hessian, with full reorthogonalisation, for the extremes and the density of its spectrum. */
#ifndef STUDY_KRYLOV_H
#define STUDY_KRYLOV_H

#include "frame.h"

/* An orthonormal basis v_0 … v_{steps-1} of a subspace, the rows of `basis`, and `projected` = V H Vᵀ. Row `steps` is the next
   direction, and H v_{steps-1} leaves the subspace by beta times it. beta is 0 if the subspace is invariant under H. */
struct krylov {
    struct study *s;
    int64_t capacity, steps;
    double beta, scale;           /* scale: the largest entry of projected so far */
    wg_tensor *basis, *projected; /* (capacity + 1, size), (capacity, capacity) */
    wg_tensor *generator;
};

/* A start vector is drawn from the generator. capacity is cut to the number of parameters. */
wg_status krylov_begin(struct krylov *k, struct study *s, int64_t capacity, wg_tensor *generator);

/* Extends the subspace to its capacity, by one product for each new direction. */
wg_status krylov_extend(struct krylov *k);

/* Eigenvalues (steps), ascending, and eigenvectors of projected, as columns (steps, steps), on the top tape. */
wg_status krylov_ritz(const struct krylov *k, wg_tensor **values, wg_tensor **vectors);

/* The Ritz vectors of some columns (steps, n), as rows (n, size), on the top tape. */
wg_tensor *krylov_vectors(const struct krylov *k, wg_tensor *columns);

/* Keeps the span of the Ritz vectors of these columns (steps, n), with their values (n), and the next direction. */
wg_status krylov_restart(struct krylov *k, wg_tensor *values, wg_tensor *columns);

#endif
