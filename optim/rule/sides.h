/* What Shampoo and SOAP share: of a matrix the statistics of its rows and columns, GGᵀ and GᵀG, and what is computed from them
   every few steps. A parameter of more than two axes is a matrix (first axis, all others). */
#ifndef OPTIM_SIDES_H
#define OPTIM_SIDES_H

#include "rule.h"

/* left, right: the side has statistics, because it has at most max_dimension rows. A vector has neither. */
struct sides {
    int64_t rows, columns;
    bool left, right;
};

enum { LEFT, RIGHT }; /* the states of both rules: a stack (2, n, n) of the statistics and the factor; empty for a side without */

struct sides sides_of(const wg_tensor *p, double max_dimension);
wg_shape sides_shape(const struct sides *sides, int side);
wg_tensor *sides_matrix(const struct sides *sides, wg_tensor *x); /* x as (rows, columns) */

wg_tensor *sides_statistics(wg_tensor *state); /* views of a state */
wg_tensor *sides_factor(wg_tensor *state);
wg_tensor *sides_join(wg_tensor *statistics, wg_tensor *factor); /* a state of both */
wg_tensor *sides_product(int side, wg_tensor *g);                /* g gᵀ or gᵀ g */

/* (statistics + ε I)^-power at the first step and at each whose number divides by the frequency, else the old factor, both (n, n).
   Eigenvalues below 0, which are round-off, count as 0. Computed in f64. E_NUMERIC where the statistics are not finite. */
wg_tensor *sides_root(const struct step *s, wg_tensor *statistics, wg_tensor *old, double frequency, double eps, double power);

/* The statistics' eigenvectors as columns, by falling eigenvalue: at the first step exactly; at the second and each frequency-th
   after that one, a step of orthogonal iteration from the old basis, whose columns are put in order first: order, i64 (n), the
   old columns' positions; else the old basis and 0 … n-1. Computed in f64. E_NUMERIC where the statistics are not finite. */
wg_status sides_basis(const struct step *s, wg_tensor *statistics, wg_tensor *old, double frequency, wg_tensor **basis,
                      wg_tensor **order);

/* Of a rule whose options, of this type, have max_dimension: sides_with(options, p), and left and right, the shapes of its states. */
#define SIDES_BY_OPTIONS(type)                                              \
    static struct sides sides_with(const void *options, const wg_tensor *p) \
    {                                                                       \
        return sides_of(p, ((const type *)options)->max_dimension);         \
    }                                                                       \
    static wg_shape left(const void *options, const wg_tensor *p)           \
    {                                                                       \
        const struct sides sides = sides_with(options, p);                  \
        return sides_shape(&sides, LEFT);                                   \
    }                                                                       \
    static wg_shape right(const void *options, const wg_tensor *p)          \
    {                                                                       \
        const struct sides sides = sides_with(options, p);                  \
        return sides_shape(&sides, RIGHT);                                  \
    }

#endif
