/* Least squares with counted operations, for the studies step_cost and newton_step: f(w) = |Xw - y|²/(2m), m examples, n parameters. */
#ifndef WG_STUDIES_STEP_COST_PROBLEM_H
#define WG_STUDIES_STEP_COST_PROBLEM_H

#include <stdbool.h>

#include <wengert.h>

/* x: (m, n), y: (m, 1), w: (n, 1), which requires a gradient; all f64. */
struct problem {
    wg_tensor *x, *y, *w;
};

/* Random numbers in -1 … 1; the columns of X shrink from 1 to 1/spread, as features of different units do. */
bool problem_make(struct problem *p, int m, int n, double spread, uint64_t seed);
void problem_free(struct problem *p);

/* f of w = x[0]; context: a problem. */
wg_tensor *problem_value(wg_tensor *const *x, size_t n, void *context);

double problem_gradient_norm(struct problem *p);

/* The operations of a tape, or of its nodes of one op; op NULL: of all. -1: unknown. */
double operations_on(const wg_tape *tape, const char *op);

/* The operations of f and its gradient: X w and Xᵀ r take 2 m n each; the differences, squares and their sum 3 m, and backward 2 m + 1. */
double gradient_operations(double m, double n);

#endif
