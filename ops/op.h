/* What every op's file includes. With KERNEL_FILE defined, as the file's own name, it brings in the file's kernels for float and
   double, which the file keeps between #ifdef REAL and #else. */
#ifndef WG_OP_PRIVATE_H
#define WG_OP_PRIVATE_H

#include "../lib/internal.h"
#include "kernel.h"
#include "wengert/ops.h"

/* Every op is named in one place, ops.def. */
#define WG_UNARY(name) extern const struct wg_op wg_op_##name;
#define WG_BINARY(name) extern const struct wg_op wg_op_##name;
#define WG_REDUCTION(name) extern const struct wg_op wg_op_##name;
#define WG_OP(name, arguments) extern const struct wg_op wg_op_##name;
#define WG_OP_MANY(name, arguments) extern const struct wg_op wg_op_##name;
#define WG_CORE(name)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_MANY
#undef WG_CORE

/* ---- costs ---- */

/* Bytes of each operand's distinct elements, once; of those that are changed, read and written. */
wg_cost wg_cost_bytes(const wg_call *c);
/* That, and so many operations for each element of the first output. */
wg_cost wg_cost_each(const wg_call *c, double add, double mul, double div, double compare, double transcendental);

/* For an op that changes its operands: every element of those is read and written, with so many operations for each of in[0]'s. */
wg_cost wg_cost_update(const wg_call *c, double add, double mul, double div, double transcendental);

/* Shape rule of an op that changes operands: all are of one float dtype, those changed of in[0]'s shape, the others of that shape or
   scalars. */
wg_status wg_shape_update(const wg_call *c, wg_spec *out);
/* Parts of such rules: the first n inputs are of one float dtype and one shape, absent ones aside; input i is an f64 scalar. */
wg_status wg_check_alike(const wg_call *c, unsigned n);
wg_status wg_check_scalar(const wg_call *c, unsigned i);

/* ---- reductions ---- */

/* The options as params; E_ARGUMENT where an axis is not there or named twice. */
wg_status wg_reduce_resolve(const char *op, const wg_tensor *x, wg_reduce_options options, struct wg_reduce_params *params);
wg_status wg_reduce_shape(const wg_call *c, wg_spec *out);
wg_tensor *wg_reduce(const struct wg_op *op, wg_tensor *x, wg_reduce_options options);
/* t, which lacks the reduced axes or has them with extent 1, seen with extent 1 there. */
wg_tensor *wg_restore_axes(const wg_call *c, wg_tensor *t);

/* What max and min share beside their kernels. */
wg_status wg_extremum_shape(const wg_call *c, wg_spec *out);
wg_status wg_extremum_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_extremum_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
wg_cost wg_extremum_cost(const wg_call *c);
/* And their gradient and its reverse: in[2] is shaped as given; y as x but for extents of 1; the result is shaped as like. */
wg_status wg_route_shape(const wg_call *c, const wg_tensor *given, const wg_tensor *like, wg_spec *out);
wg_cost wg_route_cost(const wg_call *c);

/* A view rule's common part: dtype of the first input, offset 0. */
wg_status wg_view_of(const wg_call *c, wg_spec *out);

/* A builder may look at x's shape; if not, it applies the op all the same, which says what is wrong with x. */
static inline bool wg_has_value(const wg_tensor *x)
{
    return x && (x->state == WG_LIVE || x->state == WG_DROPPED) && (!x->tape || x->tape->thread == wg_self());
}

/* An axis that may count from the last; E_ARGUMENT if it is not there. */
wg_status wg_axis(const char *op, const wg_tensor *x, int axis, int *resolved);

/* ---- slices ---- */

/* Whether all of a slice's elements lie in an axis of that extent. */
bool wg_slice_fits(const struct wg_slice_params *p, int64_t extent);
/* The slice by its params: what a negative step cannot always say by a stop. */
wg_tensor *wg_slice_by(wg_tensor *x, const struct wg_slice_params *p);

/* A row of wg_map that copies; its params are the size of an element. */
void wg_copy_row(int64_t n, char *const *at, const int64_t *s, const void *params);
/* Copies from, whatever its dtype, to every step-th place from start along an axis of to; other extents are equal. */
wg_status wg_copy_part(const wg_tensor *from, const wg_tensor *to, int axis, int64_t start, int64_t step);

/* ---- Jacobian-vector products ---- */

/* The jvp of an op that is linear in its one input: itself. */
wg_status wg_jvp_linear(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* ty[0] = the sum of two inputs' parts, seen with the result's shape; WG_NONE where both are. */
wg_status wg_jvp_sum(const wg_call *c, wg_tensor *a, wg_tensor *b, wg_tensor **ty);
/* The part of an input with tangent t. */
#define WG_PART(t, expression) (wg_absent(t) ? WG_NONE : (expression))

/* Whether what should have been made was. */
static inline wg_status wg_made(const wg_tensor *t)
{
    return t ? WG_OK : WG_E_NULL;
}

/* ---- along one axis, and labels ---- */

/* The builder of ops whose params are an axis of in[0], which may count from the last. */
wg_tensor *wg_apply_along(const struct wg_op *op, wg_tensor *const *in, size_t n, int axis);
/* Their shape rule: inputs and output are of one float dtype and one shape. */
wg_status wg_lanes_shape(const wg_call *c, wg_spec *out);
/* How many lines along the axis there are. */
double wg_lane_count(const wg_call *c);
/* For shape rules: in[0] is a float matrix (N,C), in[1] i64 labels (N). */
wg_status wg_labels_shape(const wg_call *c);

/* ---- channels ---- */

/* Shape rule of batch_norm and its gradient: in[0] is x (N,C,…), the inputs of per_channel are (C), the others of x's shape. Outputs:
   one of x's shape and two (C). */
wg_status wg_channels_shape(const wg_call *c, unsigned per_channel, wg_spec *out);
/* t, one number for each channel of x (N,C,…), as (1,C,1,…). */
wg_tensor *wg_over_channels(wg_tensor *t, const wg_tensor *x);
/* a + b, either of which may be WG_NONE for zero. */
wg_tensor *wg_plus(wg_tensor *a, wg_tensor *b);

/* ---- products ---- */

/* x with its last two axes swapped, a view; x has two at least. */
wg_tensor *wg_transposed(wg_tensor *x);
/* For vjps: the product a b as a gradient that is needed, added to the accumulator where there is one. */
wg_status wg_give_product(wg_grad_slot *slot, wg_tensor *a, wg_tensor *b);
/* The cost of a matrix product whose left operand is given: an addition and a multiplication for each element of the result and
   each index inside. */
wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left);

/* For builders: gives back what was made on the way where no tape owns it. */
static inline void wg_free_intermediate(wg_tensor *t)
{
    if (t && !t->tape)
        wg_free(t);
}

#define KERNELS(name)          \
    {                          \
        name##_f32, name##_f64 \
    }

#endif

#ifdef KERNEL_FILE
#define REAL float
#define ELEM float
#define R(name) name##f
#define T(name) WG_JOIN(name, _f32)
#include "map.h"
#include KERNEL_FILE
#undef REAL
#undef ELEM
#undef R
#undef T
#define REAL double
#define ELEM double
#define R(name) name
#define T(name) WG_JOIN(name, _f64)
#include KERNEL_FILE
#undef REAL
#undef ELEM
#undef R
#undef T
#undef KERNEL_FILE
#endif
