/* The cases of an op: its samples, and the variants of their shapes that its shape rule allows. */
#ifndef WG_CHECK_CASE_H
#define WG_CHECK_CASE_H

#include "run.h"

/* An op's sample with fresh random values. */
void case_of_sample(struct check_case *c, const struct wg_op *op, int sample, struct check_report *report);
void case_free(struct check_case *c);

/* The number of variants of its first sample's shapes on which an op is tried, and the variant with index `at`. If the op has
   its own shape rule, extents are replaced wherever they occur, and the op may refuse. */
int variant_count(const struct wg_op *op);
void case_of_variant(struct check_case *c, const struct wg_op *op, int at, struct check_report *report);

/* The first sample with every extent above 1 multiplied, so that the largest operand has at least that many elements. */
bool case_enlarged(struct check_case *c, const struct wg_op *op, int64_t elements, struct check_report *report);

/* The same values, but constant along the axis that the layout REPEATED repeats. False if no operand has such an axis. */
bool case_repeated(struct check_case *c, const struct check_case *from);

/* f(x, x): every operand with the first one's shape and dtype is the first itself or, if `separate`, a copy of it. */
bool case_shared(struct check_case *c, const struct check_case *from, bool separate);

#endif
