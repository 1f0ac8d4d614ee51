/* The checks of one case. Each adds its findings to the case's report. */
#ifndef WG_CHECKS_H
#define WG_CHECKS_H

#include "case.h"

/* How far two results of the same case may differ. */
struct tolerance {
    double relative; /* to the element and the largest of its array; 0: equal bits are required */
};
/* Compares outputs and gradients. */
void compare_results(const struct check_case *c, const char *check, const char *what, const struct result *got,
                     const struct result *want, struct tolerance tolerance);

/* values.c: the result does not depend on the operands' memory layout, on whether they are one tensor, on threads, on the dtype. */
void check_shape(const struct check_case *c, const struct result *r);
void check_layouts(const struct check_case *c, wg_dtype dtype);
void check_repeated(const struct check_case *c, wg_dtype dtype);
void check_shared(const struct check_case *c, wg_dtype dtype);
void check_dtypes(const struct check_case *c);
void check_threads(const struct check_case *c, wg_dtype dtype);
void check_taken(const struct check_case *c, wg_dtype dtype);
bool dtype_matters(const struct check_case *c); /* some operand has the dtype under test */

/* Differences are taken for every so many-th of n elements: for all of them if there are few and the operands are small. A difference
   runs the op on whole operands, so the time for all elements would grow with the square of their extents. */
int64_t difference_stride(const struct check_case *c, int64_t n);

/* derivatives.c: gradients against differences and against each other. */
void check_vjp(const struct check_case *c, bool *nonzero); /* nonzero: per operand, whether any gradient was not 0 */
void check_ways(const struct check_case *c, wg_dtype dtype);
void check_no_derivative(const struct check_case *c);
/* The derivative of the run's scalar with respect to one element, by a four-point difference; repeated with a smaller step if it
   disagrees with got. */
typedef double scalar_of_run(const struct check_case *c, const struct run *run);
bool difference_agrees(const struct check_case *c, scalar_of_run *scalar, struct run run, double got, double *difference);

/* higher.c: Jacobian-vector products, and the derivative of the gradient. */
void check_jvp(const struct check_case *c);
void check_second(const struct check_case *c);

/* gates.c: what the op states about the way of its gradient. */
void check_gate(const struct check_case *c);

/* rerun.c */
void check_rerun(const struct check_case *c, wg_dtype dtype, bool differentiable);

/* aliases.c: operands that share memory. */
void check_aliases(const struct check_case *c, wg_dtype dtype, bool differentiable);

/* resources.c: memory and work. */
void check_memory(const struct check_case *c, wg_dtype dtype);
void check_cost(const struct check_case *c, wg_dtype dtype, enum layout layout);

#endif
